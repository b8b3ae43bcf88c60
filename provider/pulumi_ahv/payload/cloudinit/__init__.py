"""What cloud-init reads: formats of user-data, checks of cloud-config and network configuration, and their builders."""
