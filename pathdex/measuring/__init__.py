"""What every measurement needs: a process of its own, safe arguments, features taken from outputs, the count itself."""
