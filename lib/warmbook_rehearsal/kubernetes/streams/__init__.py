"""What a Pod's subresources stream: logs, commands, ports, its own HTTP."""
