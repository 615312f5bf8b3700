/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whom a server lets in: what its properties say, made up when it starts. Thread: hub */

#include "signaling/wherry-signaling-server.h"

G_BEGIN_DECLS

typedef struct
{
  WherryOriginPolicy *origins;
  WherryProxyPolicy *proxies;
  WherryTokenKeys *keys; /* NULL: no token is asked for */
  WherryAdmission *admission;
} WherryServerAccess;

/* Lists: NULL-terminated (nullable). is_open: without keys, who is not on this machine may come
 * too. (transfer full) (nullable) */
WherryServerAccess *wherry_server_access_new (const char *const *origins, const char *const *hosts,
                                              const char *const *proxies, const char *const *keys,
                                              gboolean is_open, GError **error);
void wherry_server_access_free (WherryServerAccess *self);
/* What signaling is to know of it. */
void wherry_server_access_apply (WherryServerAccess *self, WherrySignalingConfig *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryServerAccess, wherry_server_access_free)

G_END_DECLS
