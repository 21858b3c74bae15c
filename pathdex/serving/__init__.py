"""The site on this machine while people write: built anew as files change, and shown anew in the browser."""
