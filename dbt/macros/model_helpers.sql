{#- Return a column of one of NetSuite's tables, null where the account's features leave it out. -#}
{% macro column_or_null(table, alias, column, type=none) %}
  {%- if execute -%}
    {%- for found in adapter.get_columns_in_relation(source('netsuite', table)) if found.name | lower == column -%}
      {{ return(alias ~ '.' ~ found.quoted) }}
    {%- endfor -%}
  {%- endif -%}
  {{ return('cast(null as ' ~ (type or dbt.type_bigint()) ~ ')') }}
{% endmacro %}


{#- Return the part of the statements an account belongs to, by its type. -#}
{% macro section_of(account_type) %}
  case
    when lower({{ account_type }}) in
      ('bank', 'acctrec', 'unbilledrec', 'othcurrasset', 'fixedasset', 'othasset', 'deferexpense') then 'Assets'
    when lower({{ account_type }}) in
      ('acctpay', 'credcard', 'othcurrliab', 'longtermliab', 'deferrevenue') then 'Liabilities'
    when lower({{ account_type }}) = 'equity' then 'Equity'
    when lower({{ account_type }}) = 'income' then 'Income'
    when lower({{ account_type }}) = 'cogs' then 'Cost of Goods Sold'
    when lower({{ account_type }}) = 'expense' then 'Expense'
    when lower({{ account_type }}) = 'othincome' then 'Other Income'
    when lower({{ account_type }}) = 'othexpense' then 'Other Expense'
    else 'Other'
  end
{% endmacro %}


{% macro balance_sheet_sections() %}'Assets', 'Liabilities', 'Equity'{% endmacro %}

{% macro income_sections() %}'Income', 'Cost of Goods Sold', 'Expense', 'Other Income', 'Other Expense'{% endmacro %}
