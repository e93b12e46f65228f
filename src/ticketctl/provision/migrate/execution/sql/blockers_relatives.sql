SELECT constraint_schema, table_name
FROM information_schema.referential_constraints
WHERE (unique_constraint_schema, referenced_table_name) IN %(tables)s
UNION
SELECT unique_constraint_schema, referenced_table_name
FROM information_schema.referential_constraints
WHERE (constraint_schema, table_name) IN %(tables)s
