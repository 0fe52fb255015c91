-- The ledger has each posting line of NetSuite's table once, and all of its amount.
with ledger as (
    select accounting_book_id, count(*) as row_count, sum(debit) as debit, sum(credit) as credit
    from {{ ref('general_ledger') }}
    group by accounting_book_id
),

tables as (
    select accountingbook, count(*) as row_count, sum(coalesce(debit, 0)) as debit, sum(coalesce(credit, 0)) as credit
    from {{ source('netsuite', 'transactionaccountingline') }}
    where posting = 'T'
    group by accountingbook
)

select *
from ledger
full outer join tables on tables.accountingbook = ledger.accounting_book_id
where ledger.accounting_book_id is null
    or tables.accountingbook is null
    or ledger.row_count <> tables.row_count
    or ledger.debit <> tables.debit
    or ledger.credit <> tables.credit
