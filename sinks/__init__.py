"""The remembering side: ClickHouse tables, the loader that fills them and the queries that read them."""
