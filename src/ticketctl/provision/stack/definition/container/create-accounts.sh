# Sourced by the entrypoint of the mysql image when the data folder is empty: makes databases, accounts and rights.
# Passwords come from /run/secrets and go to the client through a pipe, so no command line or file shows them.

ticketctl_accounts_sql() {
    local sql secret password
    sql=$(</etc/ticketctl/accounts.sql)
    for secret in /run/secrets/*; do
        password=$(<"$secret")
        # The statements switch backslash escapes off, so that a quote is the only special character.
        password=${password//\'/\'\'}
        sql=${sql//"{{${secret##*/}}}"/"'$password'"}
    done
    printf '%s\n' "$sql"
}

docker_process_sql < <(ticketctl_accounts_sql)
