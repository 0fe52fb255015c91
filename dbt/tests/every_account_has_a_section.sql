-- An account of another type than NetSuite's would be in no statement.
select distinct account_id, account_name, account_type
from {{ ref('trial_balance') }}
where section = 'Other'
