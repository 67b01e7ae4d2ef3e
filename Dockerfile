# The installs run no package scripts: the only one wanted elsewhere, that of the `node` package, fetches a Node, which the
# images have.
FROM node:24 AS builder
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY providers ./providers
COPY routes ./routes
RUN npm run build

# slim and not alpine: the same C library as where the tests run, and Node's own builds for it.
FROM node:24-slim
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev && npm cache clean --force
COPY --from=builder /app/dist ./dist
# CONFLUO_APP_DIR is the folder with providers/ and routes/.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 CONFLUO_APP_DIR=/app/dist
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=2s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# The exec form: SIGTERM reaches the program itself, which drains.
CMD ["node", "dist/src/main.js"]
