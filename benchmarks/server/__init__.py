"""The server beside SeaweedFS and moto: the same requests, of the same client, in the same run."""
