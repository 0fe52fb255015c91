-- One row for each accounting line that posts, in the currency of its subsidiary.
select
    ledger.accountingbook as accounting_book_id,
    line.subsidiary as subsidiary_id,
    header.postingperiod as accounting_period_id,
    period.periodname as accounting_period_name,
    ledger.account as account_id,
    account.acctnumber as account_number,
    account.accountsearchdisplaynamecopy as account_name,
    account.accttype as account_type,
    {{ netsuite_singer.section_of('account.accttype') }} as section,
    ledger.transaction as transaction_id,
    ledger.transactionline as transaction_line_id,
    header.type as transaction_type,
    header.tranid as transaction_number,
    header.trandate as transaction_date,
    line.entity as entity_id,
    {{ netsuite_singer.column_or_null('transactionline', 'line', 'department') }} as department_id,
    {{ netsuite_singer.column_or_null('transactionline', 'line', 'class') }} as class_id,
    {{ netsuite_singer.column_or_null('transactionline', 'line', 'location') }} as location_id,
    line.memo as memo,
    coalesce(ledger.debit, 0) as debit,
    coalesce(ledger.credit, 0) as credit,
    coalesce(ledger.debit, 0) - coalesce(ledger.credit, 0) as amount
from {{ source('netsuite', 'transactionaccountingline') }} as ledger
left join {{ source('netsuite', 'transaction') }} as header on header.id = ledger.transaction
left join {{ source('netsuite', 'transactionline') }} as line
    on line.transaction = ledger.transaction and line.id = ledger.transactionline
left join {{ source('netsuite', 'accountingperiod') }} as period on period.id = header.postingperiod
left join {{ source('netsuite', 'account') }} as account on account.id = ledger.account
where ledger.posting <> 'F' -- T, F or null; PostgreSQL would expect next to no rows that equal 'T'
