"""What a deployed appliance must be like, checked over SSH, from a peer on its network and in a browser."""
