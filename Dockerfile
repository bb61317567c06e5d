# Cauce's runtime. `make images` builds it, docker-compose.yml runs it.

FROM node:24-bookworm AS build
WORKDIR /app
# The manifests alone first: the layer with the dependencies is kept while only the code changes.
COPY package.json package-lock.json ./
COPY nodes/package.json nodes/
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build
# This image is Node 24 itself; the copy from npm serves machines with an older one.
RUN npm prune --omit=dev --no-audit --no-fund && rm -rf node_modules/node-linux-* node_modules/.bin/node

FROM node:24-bookworm-slim
ENV NODE_ENV=production DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/package.json /app/settings.ts ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/nodes nodes
COPY --from=build /app/api-contracts api-contracts
COPY --from=build /app/runtime runtime
COPY --from=build /app/mysql-init mysql-init
COPY --from=build /app/mosquitto mosquitto
# The code belongs to root: the runtime writes its data and, from the editor, its flows. A volume that is
# mounted over one of these directories for the first time takes over content and owner. 1883 is the user of
# the eclipse-mosquitto image, whose accounts this image prepares.
COPY --from=build --chown=node:node /app/flows flows
RUN install -d -o node -g node /data && install -d -o 1883 -g 1883 /mosquitto/data
USER node
VOLUME /data
EXPOSE 1880
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HTTP_PORT || 1880}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node is process 1: SIGTERM reaches Node-RED, which stops its flows in order.
# The flags are those of runtime/node-flags.ts.
CMD ["node", "--max-semi-space-size=16", "--heap-growing-percent=20", "node_modules/node-red/red.js", "-s", "settings.ts"]
