# Health check: the cluster, asked with a password, says yellow or green. Bash alone, as images differ in their tools.
set -eu
credentials=$(printf 'elastic:%s' "$(</run/secrets/elastic_password)" | base64 --wrap=0)
exec 3<>/dev/tcp/127.0.0.1/9200
printf 'GET /_cluster/health?wait_for_status=yellow&timeout=1s HTTP/1.0\r\nAuthorization: Basic %s\r\n\r\n' "$credentials" >&3
answer=$(cat <&3)
printf '%s\n' "${answer##*$'\r\n'}"
[[ $answer == HTTP/1.?' 200 '* ]]
