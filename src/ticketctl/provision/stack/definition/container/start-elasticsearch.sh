# The entrypoint of the image takes a password file only when nobody but its owner may read it.
set -eu
umask 077
cat /run/secrets/elastic_password > /run/ticketctl/elastic_password
export ELASTIC_PASSWORD_FILE=/run/ticketctl/elastic_password
exec docker-entrypoint.sh "$@"
