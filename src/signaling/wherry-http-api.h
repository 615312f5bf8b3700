/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Signaling and what else is asked of rooms by HTTP: data/docs/protocol.md section 2, but for the
 * page and health. Thread: hub */

#include <libsoup/soup.h>

#include "relay/wherry-relay-hub.h"
#include "signaling/wherry-admission.h"
#include "signaling/wherry-http-listener.h"
#include "signaling/wherry-join-limit.h"
#include "signaling/wherry-origin-policy.h"

G_BEGIN_DECLS

typedef struct _WherryHttpApi WherryHttpApi;

/* All of it must outlive the api. */
typedef struct
{
  WherryRelayHub *relay;
  WherryHttpListener *listener;
  const WherryOriginPolicy *hosts;   /* names that we are known by */
  const WherryOriginPolicy *origins; /* whose pages may ask */
  WherryJoinLimit *joins;
  WherryAdmission *admission; /* (nullable): everybody may join */
  WherryClock *clock;
} WherryHttpApiConfig;

WherryHttpApi *wherry_http_api_new (const WherryHttpApiConfig *config);
/* Who waits for an answer is told that the server ends; members stay while their connection lives.
 */
void wherry_http_api_free (WherryHttpApi *self);

/* The headers of a request to a path of ours are read: what is refused is refused here, before a
 * body is. query: (nullable) */
void wherry_http_api_check (WherryHttpApi *self, SoupServerMessage *message, const char *path);
/* All of it is read. */
void wherry_http_api_handle (WherryHttpApi *self, SoupServerMessage *message, GHashTable *query);
/* No new members; who is one goes on. */
void wherry_http_api_drain (WherryHttpApi *self);
/* Members that came by it. */
guint wherry_http_api_get_n_members (WherryHttpApi *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryHttpApi, wherry_http_api_free)

G_END_DECLS
