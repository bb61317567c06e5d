# The account that flows use: it reads and writes rows and changes no table. Run by the mysql image on its first
# start; on other machines whoever administers the server does the same.
docker_process_sql <<SQL
CREATE USER IF NOT EXISTS 'cauce_flows'@'%' IDENTIFIED BY '${MYSQL_FLOWS_PASSWORD}';
GRANT SELECT, INSERT, UPDATE, DELETE ON \`${MYSQL_DATABASE}\`.* TO 'cauce_flows'@'%';
SQL
