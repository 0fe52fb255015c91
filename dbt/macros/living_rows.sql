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
  {%- set related = netsuite_singer.related_rows(name, columns, tables) -%}
  {%- set ends = netsuite_singer.ends_of_rows(name, columns, tables) -%}
  {%- set select -%}
    select {{ shown | join(', ') }}
    from (
      select *
        {%- if '_sdc_set_read_at' in columns %}
        , max(_sdc_set_read_at) over (partition by {{ netsuite_singer.transaction_column(name, columns) }}) as _sdc_last_read_at
        {%- endif %}
      from {{ table }}
    ) as row_of_stream
    {{- related | join }}
    {%- if ends %}
    where case when {{ ends | join(' then false when ') }} then false else true end
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


{#-
  Return the conditions under which a row of this table is no longer alive.

  The view asks for them in one CASE after its joins. PostgreSQL expects that half of the rows pass a CASE, but, as long
  as it has no statistics of a new table, that next to none pass IS NULL or an equation: it would then prefer to read all
  lines again for each accounting line.
-#}
{% macro ends_of_rows(name, columns, tables) %}
  {%- set ends = [] -%}
  {%- if '_sdc_deleted_at' in columns -%}
    {%- do ends.append('_sdc_deleted_at is not null') -%}
  {%- elif name == 'transaction' -%}
    {%- do exceptions.warn(
      "The table " ~ tables[name] ~ " has no column _sdc_deleted_at, so deleted transactions stay in the books. Set"
      ~ " add_record_metadata of the loader, or select the column in the tap, and do a full refresh."
    ) -%}
  {%- endif -%}
  {%- if '_sdc_set_read_at' in columns -%}
    {%- do ends.append('_sdc_set_read_at < _sdc_last_read_at') -%}
  {%- endif -%}
  {%- if netsuite_singer.has_header(name, tables) -%}
    {%- set header = netsuite_singer.columns_by_name(tables['transaction']) -%}
    {%- if '_sdc_deleted_at' in header -%}
      {%- do ends.append('_sdc_header_deleted_at is not null') -%}
    {%- endif -%}
    {%- if '_sdc_set_read_at' in header and '_sdc_set_read_at' in columns -%}
      {#- A loader that deletes rows instead of marking them removed it: rows were read into its table at the line's moment or later. -#}
      {%- do ends.append(
        "_sdc_header_id is null and _sdc_set_read_at <= (select max(_sdc_set_read_at) from " ~ tables['transaction'] ~ ")"
      ) -%}
    {%- endif -%}
  {%- endif -%}
  {%- if netsuite_singer.has_line(name, columns, tables) -%}
    {#- What a transaction books may become nothing at all, so that no younger accounting line says that this one is gone. -#}
    {%- do ends.append('_sdc_line_read_at < _sdc_lines_read_at and _sdc_set_read_at <= _sdc_lines_read_at') -%}
  {%- endif -%}
  {{ return(ends) }}
{% endmacro %}


{#- Return the joins that bring what other tables know of a row: of a line its header, of an accounting line its line. -#}
{% macro related_rows(name, columns, tables) %}
  {%- set joins = [] -%}
  {%- if netsuite_singer.has_header(name, tables) -%}
    {%- set header = netsuite_singer.columns_by_name(tables['transaction']) -%}
    {%- set join %}
    left join (
      select {{ header['id'].quoted }} as _sdc_header_id
        {%- if '_sdc_deleted_at' in header %}, max(_sdc_deleted_at) as _sdc_header_deleted_at{% endif %}
      from {{ tables['transaction'] }}
      group by {{ header['id'].quoted }}
    ) as header_of_row on _sdc_header_id = row_of_stream.{{ columns['transaction'].quoted }}
    {%- endset -%}
    {%- do joins.append(join) -%}
  {%- endif -%}
  {%- if netsuite_singer.has_line(name, columns, tables) -%}
    {%- set lines = netsuite_singer.columns_by_name(tables['transactionline']) -%}
    {%- set join %}
    left join (
      select {{ lines['transaction'].quoted }} as _sdc_line_transaction, {{ lines['id'].quoted }} as _sdc_line_id,
        max(_sdc_set_read_at) as _sdc_line_read_at,
        max(max(_sdc_set_read_at)) over (partition by {{ lines['transaction'].quoted }}) as _sdc_lines_read_at
      from {{ tables['transactionline'] }}
      group by {{ lines['transaction'].quoted }}, {{ lines['id'].quoted }}
    ) as line_of_row on _sdc_line_transaction = row_of_stream.{{ columns['transaction'].quoted }}
      and _sdc_line_id = row_of_stream.{{ columns['transactionline'].quoted }}
    {%- endset -%}
    {%- do joins.append(join) -%}
  {%- endif -%}
  {{ return(joins) }}
{% endmacro %}


{% macro has_header(name, tables) %}
  {{ return(name in ('transactionline', 'transactionaccountingline') and 'transaction' in tables) }}
{% endmacro %}


{% macro has_line(name, columns, tables) %}
  {{ return(
    name == 'transactionaccountingline' and 'transactionline' in tables and '_sdc_set_read_at' in columns
    and '_sdc_set_read_at' in netsuite_singer.columns_by_name(tables['transactionline'])
  ) }}
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
