"""The authorization workflow as pages: sign-in, consent, the Appstore's road, and the errors that people meet there."""
