-- What each account moved in a period, and its balance at the end of it; over all accounts both are zero.
with movements as (
    select
        accounting_book_id,
        subsidiary_id,
        accounting_period_id,
        account_id,
        sum(debit) as debit,
        sum(credit) as credit,
        sum(amount) as amount
    from {{ ref('general_ledger') }}
    group by accounting_book_id, subsidiary_id, accounting_period_id, account_id
),

ranked as (
    select movements.*, reporting_periods.period_rank
    from movements
    inner join {{ ref('reporting_periods') }} as reporting_periods
        on reporting_periods.accounting_period_id = movements.accounting_period_id
        and reporting_periods.subsidiary_id = movements.subsidiary_id
),

accounts as (
    select accounting_book_id, subsidiary_id, account_id, min(period_rank) as first_rank
    from ranked
    group by accounting_book_id, subsidiary_id, account_id
),

spine as (
    select
        accounts.accounting_book_id,
        accounts.subsidiary_id,
        accounts.account_id,
        period.accounting_period_id,
        period.accounting_period_name,
        period.subsidiary_name,
        period.starts_on,
        period.ends_on,
        period.period_rank,
        period.fiscal_year_start
    from accounts
    inner join {{ ref('reporting_periods') }} as period
        on period.subsidiary_id = accounts.subsidiary_id and period.period_rank >= accounts.first_rank
    where period.period_rank <= (select max(period_rank) from ranked)
)

select
    spine.accounting_book_id,
    spine.subsidiary_id,
    spine.subsidiary_name,
    spine.accounting_period_id,
    spine.accounting_period_name,
    spine.starts_on,
    spine.ends_on,
    spine.period_rank,
    spine.fiscal_year_start,
    spine.account_id,
    account.acctnumber as account_number,
    account.accountsearchdisplaynamecopy as account_name,
    account.accttype as account_type,
    {{ netsuite_singer.section_of('account.accttype') }} as section,
    coalesce(ranked.debit, 0) as debit,
    coalesce(ranked.credit, 0) as credit,
    coalesce(ranked.amount, 0) as amount,
    sum(coalesce(ranked.amount, 0)) over (
        partition by spine.accounting_book_id, spine.subsidiary_id, spine.account_id
        order by spine.period_rank
        rows between unbounded preceding and current row
    ) as balance,
    sum(coalesce(ranked.amount, 0)) over (
        partition by spine.accounting_book_id, spine.subsidiary_id, spine.account_id, spine.fiscal_year_start
        order by spine.period_rank
        rows between unbounded preceding and current row
    ) as balance_of_fiscal_year
from spine
left join ranked
    on ranked.accounting_book_id = spine.accounting_book_id
    and ranked.subsidiary_id = spine.subsidiary_id
    and ranked.account_id = spine.account_id
    and ranked.accounting_period_id = spine.accounting_period_id
left join {{ source('netsuite', 'account') }} as account on account.id = spine.account_id
