# Dump the database into BACKUP_FOLDER, see that the dump can be read, drop those past their days.
# The role must stand above row policies (BYPASSRLS), or the dump would silently miss rows:
# pg_dump turns row security off and fails for any other role.
umask 077
dump="$BACKUP_FOLDER/billing-$(date -u +%Y%m%dT%H%M%SZ).dump"
pg_dump --format=custom --no-password --dbname="$(cat "$BACKUP_URL_FILE")" --file="$dump.partial"
pg_restore --list "$dump.partial" >/dev/null
mv "$dump.partial" "$dump"
find "$BACKUP_FOLDER" -name 'billing-*.dump' -mtime "+$BACKUP_KEEP_DAYS" -delete
find "$BACKUP_FOLDER" -name 'billing-*.dump.partial' -mtime +1 -delete
echo "wrote $dump"
