/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>

#include "signaling/wherry-web-site.h"

#include <wherry-web-resources.h>

#define PREFIX "/org/wherry/web"

/* Only what is served from here runs, and it talks only to here. ws: and wss: of our own host are
 * named because not every browser takes 'self' to include them. */
#define CONTENT_SECURITY_POLICY                                                                    \
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "                \
  "connect-src 'self' ws://%s wss://%s; base-uri 'none'; form-action 'none'; "                     \
  "frame-ancestors 'none'"

static const struct
{
  const char *suffix;
  const char *type;
} types[] = {
  { ".html", "text/html; charset=utf-8" },         { ".js", "text/javascript; charset=utf-8" },
  { ".css", "text/css; charset=utf-8" },           { ".svg", "image/svg+xml" },
  { ".d.ts", "text/plain; charset=utf-8" },        { ".json", "application/json" },
  { ".txt", "text/plain; charset=utf-8" },         { ".png", "image/png" },
  { ".webmanifest", "application/manifest+json" },
};

/* (transfer full) (nullable) */
static GBytes *
lookup (const char *path)
{
  const char *name = g_str_equal (path, "/") ? "/index.html" : path;
  g_autofree char *full = g_strconcat (PREFIX, name, NULL);

  if (strstr (name, "//") != NULL || strstr (name, "/.") != NULL)
    return NULL;
  return g_resource_lookup_data (wherry_web_get_resource (), full, G_RESOURCE_LOOKUP_FLAGS_NONE,
                                 NULL);
}

gboolean
wherry_web_site_has (const char *path)
{
  g_autoptr (GBytes) bytes = lookup (path);

  return bytes != NULL;
}

static const char *
type_of (const char *path)
{
  if (g_str_equal (path, "/"))
    return types[0].type;
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_has_suffix (path, types[i].suffix))
      return types[i].type;
  return "application/octet-stream";
}

void
wherry_web_site_serve (SoupServerMessage *message, const char *path)
{
  g_autoptr (GBytes) bytes = lookup (path);
  SoupMessageHeaders *request = soup_server_message_get_request_headers (message);
  SoupMessageHeaders *response = soup_server_message_get_response_headers (message);
  g_autofree char *sum = NULL;
  g_autofree char *etag = NULL;
  g_autofree char *policy = NULL;
  const char *host = soup_message_headers_get_one (request, "Host");
  const char *known = soup_message_headers_get_list (request, "If-None-Match");

  if (bytes == NULL)
    {
      soup_server_message_set_status (message, SOUP_STATUS_NOT_FOUND, NULL);
      return;
    }

  sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  sum[32] = '\0';
  etag = g_strdup_printf ("\"%s\"", sum);
  policy = g_strdup_printf (CONTENT_SECURITY_POLICY, host, host);
  soup_message_headers_replace (response, "Content-Security-Policy", policy);
  soup_message_headers_replace (response, "Cross-Origin-Opener-Policy", "same-origin");
  soup_message_headers_replace (response, "ETag", etag);
  /* always asked for again: a new server never runs with an old page */
  soup_message_headers_replace (response, "Cache-Control", "no-cache");
  if (known != NULL && strstr (known, etag) != NULL)
    {
      soup_server_message_set_status (message, SOUP_STATUS_NOT_MODIFIED, NULL);
      return;
    }

  soup_message_headers_set_content_type (response, type_of (path), NULL);
  soup_message_body_append_bytes (soup_server_message_get_response_body (message), bytes);
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
}
