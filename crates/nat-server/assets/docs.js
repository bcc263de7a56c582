// Starts Swagger UI. What depends on the server stands in the page, so that no script does.
const page = document.getElementById('swagger-ui');

// Scripts may not send a `Cookie` header: a session that is typed into the form has to become a cookie.
function setCookies(entries, lifetime) {
  for (const { schema, value } of entries) {
    const { type, in: place, name } = schema.toJS ? schema.toJS() : schema;
    if (type === 'apiKey' && place === 'cookie') {
      document.cookie = `${name}=${value ?? ''}; path=/; samesite=strict${lifetime}`;
    }
  }
}

const sessionCookies = () => ({
  statePlugins: {
    auth: {
      wrapActions: {
        authorize: (authorize) => (payload) => {
          setCookies(Object.values(payload), '');
          return authorize(payload);
        },
        logout: (logout, system) => (names) => {
          const known = system.authSelectors.authorized();
          setCookies(names.map((name) => known.get(name)?.toJS()).filter(Boolean), '; max-age=0');
          return logout(names);
        },
      },
    },
  },
});

window.ui = SwaggerUIBundle({
  url: page.dataset.description,
  domNode: page,
  oauth2RedirectUrl: new URL(page.dataset.redirect, window.location.href).href,
  layout: 'BaseLayout',
  deepLinking: true,
  tryItOutEnabled: true,
  plugins: [sessionCookies],
  // The default asks a server on the internet.
  validatorUrl: null,
});
