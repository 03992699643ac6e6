"""The only place that sends, sleeps and locks: thin faces over one call flow."""
