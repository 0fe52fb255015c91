{#-
  What accounts without OneWorld and without Multiple Calendars lack: NetSuite has no `subsidiary`,
  `consolidatedexchangerate`, `fiscalcalendar` and `accountingperiodfiscalcalendars` there. Such an account amounts to
  one subsidiary, with one calendar, whose amounts need no conversion.
-#}

{% macro has_subsidiaries(tables) %}{{ return('subsidiary' in tables) }}{% endmacro %}

{% macro has_calendars(tables) %}
  {{ return('fiscalcalendar' in tables and 'accountingperiodfiscalcalendars' in tables) }}
{% endmacro %}


{#- Return expressions by column, for columns of one table that such an account leaves empty or lacks. -#}
{% macro filled_columns(name, columns, tables) %}
  {%- set filled = {} -%}
  {%- if name == 'subsidiary' and not netsuite_singer.has_calendars(tables) -%}
    {%- do filled.update({'fiscalcalendar': '1'}) -%}
  {%- endif -%}
  {%- if name == 'transactionline' and not netsuite_singer.has_subsidiaries(tables) -%}
    {%- do filled.update({'subsidiary': '1'}) -%}
  {%- endif -%}
  {%- if name == 'account' and not netsuite_singer.has_subsidiaries(tables) -%}
    {%- do filled.update({'generalrate': "'CURRENT'"}) -%}
  {%- endif -%}
  {{ return(filled) }}
{% endmacro %}


{#- Create the views that stand in for tables which the account does not have. -#}
{% macro create_stand_ins(tables) %}
  {%- if not netsuite_singer.has_calendars(tables) -%}
    {%- do netsuite_singer.create_netsuite_view('fiscalcalendar', netsuite_singer.one_calendar()) -%}
    {%- if 'accountingperiod' in tables -%}
      {%- do netsuite_singer.create_netsuite_view(
        'accountingperiodfiscalcalendars', netsuite_singer.periods_of_the_calendar()
      ) -%}
    {%- endif -%}
  {%- endif -%}
  {%- if not netsuite_singer.has_subsidiaries(tables) -%}
    {%- do netsuite_singer.create_netsuite_view('subsidiary', netsuite_singer.one_subsidiary(tables)) -%}
    {%- if 'consolidatedexchangerate' not in tables and 'accountingperiod' in tables -%}
      {%- do netsuite_singer.create_netsuite_view(
        'consolidatedexchangerate', netsuite_singer.rates_of_one(tables)
      ) -%}
    {%- endif -%}
  {%- endif -%}
{% endmacro %}


{% macro view_named(name) %}
  {{ return(api.Relation.create(database=target.database, schema=netsuite_singer.netsuite_schema(), identifier=name)) }}
{% endmacro %}


{% macro now_synced() %}
  {{ return("cast(" ~ dbt.current_timestamp() ~ " as " ~ dbt.type_timestamp() ~ ") as _fivetran_synced, false as _fivetran_deleted") }}
{% endmacro %}


{% macro one_calendar() %}
  {{ return("select 1 as id, cast(null as " ~ dbt.type_string() ~ ") as externalid, 'JAN' as fiscalmonth, 'T' as isdefault, "
    ~ "'Standard Fiscal Calendar' as name, " ~ netsuite_singer.now_synced()) }}
{% endmacro %}


{% macro periods_of_the_calendar() %}
  {%- set periods = netsuite_singer.view_named('accountingperiod') -%}
  {%- set full_name = dbt.concat([
    "case when above_parent.periodname is null then '' else " ~ dbt.concat(["above_parent.periodname", "' : '"]) ~ " end",
    "case when parent.periodname is null then '' else " ~ dbt.concat(["parent.periodname", "' : '"]) ~ " end",
    "period.periodname",
  ]) -%}
  {%- set select -%}
    select period.id as accountingperiod, 1 as fiscalcalendar, {{ full_name }} as fullname, period.parent,
      {{ dbt.concat(["cast(period.id as " ~ dbt.type_string() ~ ")", "'-1'"]) }} as _fivetran_id,
      period._fivetran_synced, false as _fivetran_deleted
    from {{ periods }} as period
    left join {{ periods }} as parent on parent.id = period.parent
    left join {{ periods }} as above_parent on above_parent.id = parent.parent
  {%- endset -%}
  {{ return(select) }}
{% endmacro %}


{% macro one_subsidiary(tables) %}
  {%- set currency = '1' -%}
  {%- if 'currency' in tables and 'isbasecurrency' in netsuite_singer.columns_by_name(tables['currency']) -%}
    {%- set currency = "coalesce((select min(id) from " ~ netsuite_singer.view_named('currency') ~ " where isbasecurrency = 'T'), 1)" -%}
  {%- endif -%}
  {%- set text = "cast(null as " ~ dbt.type_string() ~ ")" -%}
  {%- set select -%}
    select 1 as id, 'Company' as name, 'Company' as fullname, 'Company' as legalname,
      cast(null as {{ dbt.type_bigint() }}) as parent, {{ text }} as country, {{ text }} as state, {{ text }} as email,
      cast(null as {{ dbt.type_bigint() }}) as mainaddress, {{ currency }} as currency, 1 as fiscalcalendar,
      'F' as iselimination, 'F' as isinactive, {{ netsuite_singer.now_synced() }}
  {%- endset -%}
  {{ return(select) }}
{% endmacro %}


{% macro rates_of_one(tables) %}
  {%- set select -%}
    select {% if 'accountingbook' in tables %}period.id * 1000 + book.id{% else %}period.id{% endif %} as id,
      {% if 'accountingbook' in tables %}book.id{% else %}1{% endif %} as accountingbook,
      period.id as postingperiod, 1 as fromsubsidiary, 1 as tosubsidiary, 1 as averagerate, 1 as currentrate,
      1 as historicalrate, {{ netsuite_singer.now_synced() }}
    from {{ netsuite_singer.view_named('accountingperiod') }} as period
    {%- if 'accountingbook' in tables %}
    cross join {{ netsuite_singer.view_named('accountingbook') }} as book
    {%- endif %}
  {%- endset -%}
  {{ return(select) }}
{% endmacro %}
