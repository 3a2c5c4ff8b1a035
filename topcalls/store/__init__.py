"""The database: schema, queries per noun, leases, migrations. The only importer of peewee."""
