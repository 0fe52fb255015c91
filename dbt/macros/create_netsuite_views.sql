{#-
  The views: one over each of the loader's tables, with living rows and NetSuite's columns only.

  This runs before the models. It asks the warehouse which tables there are, so custom records and tables that
  are new need no edit here. Where an account has no subsidiaries or no fiscal calendars, NetSuite has no such
  tables, and models that join them would be empty: they get the one that such an account amounts to.
-#}
{% macro create_netsuite_views() %}
  {%- if execute and flags.WHICH in ('build', 'run', 'run-operation') -%}
    {%- set tables = netsuite_singer.singer_tables() -%}
    {%- if not tables -%}
      {{ exceptions.raise_compiler_error("The schema " ~ netsuite_singer.singer_schema() ~ " has no tables of a loader; set the variable singer_schema to where it writes.") }}
    {%- endif -%}
    {%- do adapter.create_schema(api.Relation.create(database=target.database, schema=netsuite_singer.netsuite_schema())) -%}
    {%- for name, table in tables.items() -%}
      {%- do netsuite_singer.create_netsuite_view(name, netsuite_singer.living_rows(name, table, tables)) -%}
    {%- endfor -%}
    {%- do netsuite_singer.create_stand_ins(tables) -%}
    {%- if target.type in ('postgres', 'redshift', 'duckdb') -%}
      {#- A transaction that asking for columns has opened is rolled back otherwise, by dbt-duckdb and by dbt 1.8 on PostgreSQL. -#}
      {%- do run_query('commit') -%}
    {%- endif -%}
  {%- endif -%}
{% endmacro %}


{#- Remove the views, for instance before the loader has to change the type of a column that they show. -#}
{% macro drop_netsuite_views() %}
  {%- do adapter.drop_schema(api.Relation.create(database=target.database, schema=netsuite_singer.netsuite_schema())) -%}
{% endmacro %}


{% macro singer_schema() %}{{ return(var('singer_schema')) }}{% endmacro %}

{% macro netsuite_schema() %}{{ return(var('netsuite_schema')) }}{% endmacro %}


{#- Return the loader's tables by stream; what it keeps for itself, such as _audit, is left out. -#}
{% macro singer_tables() %}
  {%- set tables = {} -%}
  {%- for row in run_query(netsuite_singer.names_of_tables()).rows if not row[0].startswith('_') -%}
    {%- do tables.update({row[0] | lower: api.Relation.create(
      database=target.database, schema=row[1], identifier=row[0], type='table'
    )}) -%}
  {%- endfor -%}
  {{ return(tables) }}
{% endmacro %}


{% macro names_of_tables() %}
  {%- set catalog = netsuite_singer.singer_schema() ~ '.' if target.type == 'bigquery' else '' -%}
  {%- set select -%}
    select table_name, table_schema from {{ catalog }}information_schema.tables
    where lower(table_schema) = lower('{{ netsuite_singer.singer_schema() }}') and table_type = 'BASE TABLE'
    order by table_name
  {%- endset -%}
  {{ return(select) }}
{% endmacro %}


{#-
  Create one view, or bring it up to date.

  PostgreSQL lets a view change only by columns at its end; any other change needs a new view, and takes those
  along that read from it.
-#}
{% macro create_netsuite_view(name, select) %}
  {%- set view = api.Relation.create(
    database=target.database, schema=netsuite_singer.netsuite_schema(), identifier=name, type='view'
  ) -%}
  {%- if target.type in ('postgres', 'redshift') -%}
    {%- set before = netsuite_singer.view_shape(view) -%}
    {%- set draft = api.Relation.create(
      database=target.database, schema=netsuite_singer.netsuite_schema(), identifier=name ~ '__draft', type='view'
    ) -%}
    {%- if before -%}
      {%- do run_query('drop view if exists ' ~ draft) -%}
      {%- do run_query('create view ' ~ draft ~ ' as ' ~ select) -%}
      {%- set after = netsuite_singer.view_shape(draft) -%}
      {%- do run_query('drop view ' ~ draft) -%}
      {%- if after[:before | length] != before -%}
        {%- do run_query('drop view ' ~ view ~ ' cascade') -%}
      {%- endif -%}
    {%- endif -%}
  {%- endif -%}
  {%- do run_query('create or replace view ' ~ view ~ ' as ' ~ select) -%}
  {%- do adapter.cache_added(view) -%}
{% endmacro %}


{#- Return names and types of a view's columns, in their order; nothing where there is no such view. -#}
{% macro view_shape(view) %}
  {%- set shape = [] -%}
  {%- for column in adapter.get_columns_in_relation(view) -%}
    {%- do shape.append([column.name, column.data_type]) -%}
  {%- endfor -%}
  {{ return(shape) }}
{% endmacro %}
