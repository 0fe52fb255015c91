-- No amount of the ledger gets lost on the way to the statements.
with ledger as (
    select accounting_book_id, subsidiary_id, account_id, sum(amount) as amount
    from {{ ref('general_ledger') }}
    group by accounting_book_id, subsidiary_id, account_id
),

statement as (
    select accounting_book_id, subsidiary_id, account_id, sum(amount) as amount
    from {{ ref('trial_balance') }}
    group by accounting_book_id, subsidiary_id, account_id
)

select ledger.*
from ledger
left join statement
    on statement.accounting_book_id = ledger.accounting_book_id
    and statement.subsidiary_id = ledger.subsidiary_id
    and statement.account_id = ledger.account_id
where statement.account_id is null or statement.amount <> ledger.amount
