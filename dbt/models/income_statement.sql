-- Income and expense of a period, by account; income adds to the result, expense takes from it.
select
    accounting_book_id,
    subsidiary_id,
    subsidiary_name,
    accounting_period_id,
    accounting_period_name,
    starts_on,
    ends_on,
    fiscal_year_start,
    section,
    account_id,
    account_number,
    account_name,
    -amount as amount,
    -balance_of_fiscal_year as amount_of_fiscal_year
from {{ ref('trial_balance') }}
where section in ({{ netsuite_singer.income_sections() }})
