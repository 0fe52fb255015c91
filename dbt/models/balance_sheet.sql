-- What there is and who it belongs to at the end of a period. Assets equal liabilities and equity; the result of the
-- fiscal year is the line Net Income, the results of earlier years, which no transaction moves, are Retained Earnings.
with balances as (
    select * from {{ ref('trial_balance') }}
),

by_account as (
    select
        accounting_book_id, subsidiary_id, subsidiary_name, accounting_period_id, accounting_period_name,
        starts_on, ends_on, period_rank, fiscal_year_start,
        section, account_id, account_number, account_name,
        case when section = 'Assets' then balance else -balance end as amount
    from balances
    where section in ({{ netsuite_singer.balance_sheet_sections() }})
),

results as (
    select
        accounting_book_id, subsidiary_id, subsidiary_name, accounting_period_id, accounting_period_name,
        starts_on, ends_on, period_rank, fiscal_year_start,
        -sum(balance_of_fiscal_year) as of_this_year,
        -sum(balance - balance_of_fiscal_year) as of_earlier_years
    from balances
    where section in ({{ netsuite_singer.income_sections() }})
    group by
        accounting_book_id, subsidiary_id, subsidiary_name, accounting_period_id, accounting_period_name,
        starts_on, ends_on, period_rank, fiscal_year_start
)

select * from by_account

union all

select
    accounting_book_id, subsidiary_id, subsidiary_name, accounting_period_id, accounting_period_name,
    starts_on, ends_on, period_rank, fiscal_year_start,
    'Equity', null, null, 'Net Income', of_this_year
from results

union all

select
    accounting_book_id, subsidiary_id, subsidiary_name, accounting_period_id, accounting_period_name,
    starts_on, ends_on, period_rank, fiscal_year_start,
    'Equity', null, null, 'Retained Earnings', of_earlier_years
from results
