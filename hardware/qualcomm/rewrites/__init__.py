"""Rewrites of exported programs and graphs: operators that HTP lacks become ones that it has."""
