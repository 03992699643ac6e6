"""recoup: get Selling Partner API calls back on their feet."""
