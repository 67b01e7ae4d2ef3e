# The installs run no package scripts: the only one that is wanted elsewhere, of the package `node`, fetches a Node.
FROM node:24 AS builder
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY providers ./providers
COPY routes ./routes
RUN npm run build
RUN npm ci --ignore-scripts --omit=dev

# slim and not alpine: the C library that the tests run on, and Node's own build for it.
FROM node:24-slim
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=builder /app/node_modules ./node_modules
COPY --from=builder /app/dist ./dist
# CONFLUO_APP_DIR is the folder that holds providers/ and routes/.
# Names are looked up on these threads: more of them, so that no slow name keeps the others waiting.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 CONFLUO_APP_DIR=/app/dist UV_THREADPOOL_SIZE=16
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=2s --start-period=10s CMD ["node", "-e", \
  "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# The exec form: SIGTERM reaches the program itself, which drains.
CMD ["node", "dist/src/main.js"]
