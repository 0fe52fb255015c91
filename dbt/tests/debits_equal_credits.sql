-- Each transaction is balanced, in each book and subsidiary.
select accounting_book_id, subsidiary_id, transaction_id, sum(debit) as debit, sum(credit) as credit
from {{ ref('general_ledger') }}
where section <> 'Other'
group by accounting_book_id, subsidiary_id, transaction_id
having abs(sum(debit) - sum(credit)) >= 0.005
