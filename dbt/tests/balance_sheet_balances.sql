-- Assets equal liabilities and equity at the end of each period.
select
    accounting_book_id, subsidiary_id, accounting_period_id,
    sum(case when section = 'Assets' then amount else -amount end) as difference
from {{ ref('balance_sheet') }}
group by accounting_book_id, subsidiary_id, accounting_period_id
having abs(sum(case when section = 'Assets' then amount else -amount end)) >= 0.005
