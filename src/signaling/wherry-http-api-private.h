/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by wherry-http-check.c (what is refused before a body is read) and wherry-http-api.c (what
 * is done). Thread: hub */

#include "signaling/wherry-http-api.h"
#include "signaling/wherry-http-member.h"
#include "signaling/wherry-http-route.h"

G_BEGIN_DECLS

#define WHERRY_SDP_TYPE "application/sdp"

struct _WherryHttpApi
{
  /* hub thread only */
  WherryHttpApiConfig config;
  WherryJoinLimit *guesses;
  GHashTable *entries; /* SHA-256 of the secret (GBytes) to WherryHttpEntry */
  GHashTable *waiting; /* set of WherryHttpRequest whose answer has to wait, borrowed */
  gboolean draining;
};

/* A member, and where it is found. */
typedef struct
{
  WherryHttpApi *api;
  GBytes *key;
  WherryHttpMember *member;
} WherryHttpEntry;

/* What is known of a request between its headers and its answer. */
typedef struct
{
  WherryHttpApi *api;
  SoupServerMessage *message; /* borrowed; referenced while it waits */
  WherryHttpRoute *route;
  char *location;     /* of a new member */
  WherryGrant *grant; /* of a new member; NULL: it may do everything */
  GBytes *key;        /* of the member that it is about */
  gboolean is_gone;   /* its connection ended while it waited */
} WherryHttpRequest;

void wherry_http_request_free (gpointer request);
/* SHA-256, by which members are found. (transfer full) */
GBytes *wherry_http_api_hash (const char *secret);

G_END_DECLS
