"""The stages, the tables' schemas, storage, reports and the command line."""
