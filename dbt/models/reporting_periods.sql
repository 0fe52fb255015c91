-- The periods that transactions post to, for each subsidiary: in their order, with the fiscal year they lie in.
with periods as (
    select
        id,
        periodname,
        startdate,
        enddate,
        parent,
        isadjust,
        isyear,
        row_number() over (order by startdate, enddate, isadjust, id) as period_rank
    from {{ source('netsuite', 'accountingperiod') }}
    where isyear = 'F' and isquarter = 'F'
),

years as (
    select id, startdate, enddate
    from {{ source('netsuite', 'accountingperiod') }}
    where isyear = 'T'
),

-- A period's parents differ from calendar to calendar.
parents as (
    select accountingperiod as period_id, fiscalcalendar as calendar_id, parent as parent_id
    from {{ source('netsuite', 'accountingperiodfiscalcalendars') }}
),

year_of_period as (
    select
        period.period_id,
        period.calendar_id,
        min(coalesce(above.id, twice_above.id, thrice_above.id)) as year_id
    from parents as period
    left join years as above on above.id = period.parent_id
    left join parents as quarter
        on quarter.period_id = period.parent_id and quarter.calendar_id = period.calendar_id
    left join years as twice_above on twice_above.id = quarter.parent_id
    left join parents as half
        on half.period_id = quarter.parent_id and half.calendar_id = period.calendar_id
    left join years as thrice_above on thrice_above.id = half.parent_id
    group by period.period_id, period.calendar_id
),

months_of_years as (
    select
        year_of_period.period_id,
        year_of_period.calendar_id,
        years.startdate,
        years.enddate,
        min(periods.startdate) over (
            partition by year_of_period.calendar_id, year_of_period.year_id
        ) as first_month_starts_on,
        max(periods.enddate) over (
            partition by year_of_period.calendar_id, year_of_period.year_id
        ) as last_month_ends_on
    from year_of_period
    inner join years on years.id = year_of_period.year_id
    inner join periods on periods.id = year_of_period.period_id
),

-- Calendars may share a year, which has the dates of one of them.
fiscal_years as (
    select
        period_id,
        calendar_id,
        case when last_month_ends_on <= enddate then startdate else first_month_starts_on end as fiscal_year_start
    from months_of_years
)

select
    subsidiary.id as subsidiary_id,
    subsidiary.name as subsidiary_name,
    periods.id as accounting_period_id,
    periods.periodname as accounting_period_name,
    periods.startdate as starts_on,
    periods.enddate as ends_on,
    periods.isadjust = 'T' as is_adjustment,
    periods.period_rank,
    coalesce(
        cast(fiscal_years.fiscal_year_start as date),
        cast({{ dbt.date_trunc('year', 'periods.startdate') }} as date) -- a timestamp on BigQuery
    ) as fiscal_year_start
from periods
cross join {{ source('netsuite', 'subsidiary') }} as subsidiary
left join fiscal_years
    on fiscal_years.period_id = periods.id and fiscal_years.calendar_id = subsidiary.fiscalcalendar
