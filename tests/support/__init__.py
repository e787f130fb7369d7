"""What several kinds of tests share: free ports, throw-away servers, a running appliance."""
