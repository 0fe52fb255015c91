{#-
  Return the SELECT of one table's living rows, in NetSuite's columns.

  A row lives unless it is marked as deleted. A changed transaction is read with all its lines, at one moment, which
  is in `_sdc_set_read_at`: a line that a later reading of its transaction no longer has is gone. Where that column is
  null, nothing is known and nothing is taken away.

  Booleans are 'T' and 'F' as in NetSuite's own tables, and `_fivetran_synced`, `_fivetran_deleted` and
  `_fivetran_id` are there for models that were written for Fivetran's tables.
-#}
{% macro living_rows(name, table, tables) %}
  {%- set columns = netsuite_singer.columns_by_name(table) -%}
  {%- set shown = [] -%}
  {%- set filled = netsuite_singer.filled_columns(name, columns, tables) -%}
  {%- for key, column in columns.items() if not key.startswith('_sdc_') and key not in filled -%}
    {%- do shown.append(netsuite_singer.shown_column(column)) -%}
  {%- endfor -%}
  {%- for key, expression in filled.items() -%}
    {%- do shown.append(expression ~ ' as ' ~ key) -%}
  {%- endfor -%}
  {%- for marker in netsuite_singer.fivetran_columns(name, columns) -%}
    {%- do shown.append(marker) -%}
  {%- endfor -%}
  {%- set conditions = netsuite_singer.life_signs(name, columns, tables) -%}
  {%- set select -%}
    select {{ shown | join(', ') }}
    from (
      select *
        {%- if '_sdc_set_read_at' in columns %}
        , max(_sdc_set_read_at) over (partition by {{ netsuite_singer.transaction_column(name, columns) }}) as _sdc_last_read_at
        {%- endif %}
      from {{ table }}
    ) as row_of_stream
    {%- if conditions %}
    where {{ conditions | join(' and ') }}
    {%- endif %}
  {%- endset -%}
  {{ return(select) }}
{% endmacro %}


{#- Return a table's columns by lower-case name. -#}
{% macro columns_by_name(table) %}
  {%- set columns = {} -%}
  {%- for column in adapter.get_columns_in_relation(table) -%}
    {%- do columns.update({column.name | lower: column}) -%}
  {%- endfor -%}
  {{ return(columns) }}
{% endmacro %}


{% macro shown_column(column) %}
  {%- if column.dtype | lower in ('boolean', 'bool') -%}
    {{ return("case when " ~ column.quoted ~ " then 'T' when not " ~ column.quoted ~ " then 'F' end as " ~ column.quoted) }}
  {%- endif -%}
  {{ return(column.quoted) }}
{% endmacro %}


{% macro transaction_column(name, columns) %}
  {{ return(columns['id' if name == 'transaction' else 'transaction'].quoted) }}
{% endmacro %}


{#- Return the conditions under which a row of this table is alive. -#}
{% macro life_signs(name, columns, tables) %}
  {%- set conditions = [] -%}
  {%- if '_sdc_deleted_at' in columns -%}
    {%- do conditions.append('_sdc_deleted_at is null') -%}
  {%- elif name == 'transaction' -%}
    {%- do exceptions.warn(
      "The table " ~ tables[name] ~ " has no column _sdc_deleted_at, so deleted transactions stay in the books. Set"
      ~ " add_record_metadata of the loader, or select the column in the tap, and do a full refresh."
    ) -%}
  {%- endif -%}
  {%- if '_sdc_set_read_at' in columns -%}
    {%- do conditions.append('(_sdc_set_read_at is null or _sdc_set_read_at = _sdc_last_read_at)') -%}
  {%- endif -%}
  {%- if name in ('transactionline', 'transactionaccountingline') and 'transaction' in tables -%}
    {%- set header = netsuite_singer.columns_by_name(tables['transaction']) -%}
    {%- if '_sdc_deleted_at' in header -%}
      {%- do conditions.append(
        "not exists (select 1 from " ~ tables['transaction'] ~ " as header where header." ~ header['id'].quoted
        ~ " = row_of_stream." ~ columns['transaction'].quoted ~ " and header._sdc_deleted_at is not null)"
      ) -%}
    {%- endif -%}
    {%- if '_sdc_set_read_at' in header and '_sdc_set_read_at' in columns -%}
      {%- do conditions.append(netsuite_singer.header_is_not_gone(tables['transaction'], header, columns)) -%}
    {%- endif -%}
  {%- endif -%}
  {%- if name == 'transactionaccountingline' and 'transactionline' in tables -%}
    {%- set lines = netsuite_singer.columns_by_name(tables['transactionline']) -%}
    {%- if '_sdc_set_read_at' in lines and '_sdc_set_read_at' in columns -%}
      {%- do conditions.append(netsuite_singer.line_is_not_gone(tables['transactionline'], lines, columns)) -%}
    {%- endif -%}
  {%- endif -%}
  {{ return(conditions) }}
{% endmacro %}


{#-
  Return the condition that the transaction of a line was not removed from its table, as a loader does that deletes rows
  instead of marking them: it is missing there, and rows were read into that table at the line's moment or later. Where
  either moment is null, nothing is taken away.
-#}
{% macro header_is_not_gone(table, header, columns) %}
  {%- set condition -%}
    (
      exists (
        select 1 from {{ table }} as header
        where header.{{ header['id'].quoted }} = row_of_stream.{{ columns['transaction'].quoted }}
      )
      or coalesce(row_of_stream._sdc_set_read_at > (select max(_sdc_set_read_at) from {{ table }}), true)
    )
  {%- endset -%}
  {{ return(condition) }}
{% endmacro %}


{#-
  Return the condition that the transaction line of an accounting line was not found gone by a later reading: what
  a transaction books may become nothing at all, so that no younger accounting line says so.
-#}
{% macro line_is_not_gone(table, lines, columns) %}
  {%- set condition -%}
    not exists (
      select 1 from (
        select {{ lines['transaction'].quoted }} as set_id, {{ lines['id'].quoted }} as line_id,
          max(_sdc_set_read_at) as read_at,
          max(max(_sdc_set_read_at)) over (partition by {{ lines['transaction'].quoted }}) as last_read_at
        from {{ table }}
        group by {{ lines['transaction'].quoted }}, {{ lines['id'].quoted }}
      ) as line
      where line.set_id = row_of_stream.{{ columns['transaction'].quoted }}
        and line.line_id = row_of_stream.{{ columns['transactionline'].quoted }}
        and line.read_at < line.last_read_at
        and row_of_stream._sdc_set_read_at <= line.last_read_at
    )
  {%- endset -%}
  {{ return(condition) }}
{% endmacro %}


{#- Return the columns that Fivetran's package expects besides NetSuite's. -#}
{% macro fivetran_columns(name, columns) %}
  {%- set markers = [] -%}
  {%- set stamps = [] -%}
  {%- for stamp in ('_sdc_batched_at', '_sdc_received_at', '_sdc_extracted_at') if stamp in columns -%}
    {%- do stamps.append(stamp) -%}
  {%- endfor -%}
  {%- set synced = 'coalesce(' ~ stamps | join(', ') ~ ')' if stamps | length > 1 else stamps[0] if stamps else 'null' -%}
  {%- do markers.append('cast(' ~ synced ~ ' as ' ~ dbt.type_timestamp() ~ ') as _fivetran_synced') -%}
  {%- do markers.append('false as _fivetran_deleted') -%}
  {%- set keys = {
    'accountingbooksubsidiaries': ('accountingbook', 'subsidiary'),
    'accountingperiodfiscalcalendars': ('accountingperiod', 'fiscalcalendar'),
  } -%}
  {%- if name in keys -%}
    {%- do markers.append(netsuite_singer.joined_key(keys[name]) ~ ' as _fivetran_id') -%}
  {%- endif -%}
  {{ return(markers) }}
{% endmacro %}


{% macro joined_key(names) %}
  {%- set parts = [] -%}
  {%- for name in names -%}
    {%- do parts.append('cast(' ~ name ~ ' as ' ~ dbt.type_string() ~ ')') -%}
  {%- endfor -%}
  {{ return(dbt.concat([parts[0], "'-'", parts[1]])) }}
{% endmacro %}
