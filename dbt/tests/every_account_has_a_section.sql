-- An account of a type that is not known here would be in no statement. Statistical accounts hold no money.
select distinct account_id, account_name, account_type
from {{ ref('trial_balance') }}
where section = 'Other' and lower(coalesce(account_type, '')) not in ('stat', 'nonposting')
