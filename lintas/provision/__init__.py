"""Make an installation ready: topics, tables; and tell a container's health check whether a process is well."""
