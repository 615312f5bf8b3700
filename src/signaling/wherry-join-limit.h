/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How often one address may join, over all its sockets: a bucket for each address that joined
 * lately. IPv6 addresses count by their /64, which is what one network is given. Loopback is not
 * limited: everything on this machine, a proxy too, is one address there. Thread: hub */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _WherryJoinLimit WherryJoinLimit;

/* rate: joins a second, and that many at once; 0: no limit. */
WherryJoinLimit *wherry_join_limit_new (guint rate);
void wherry_join_limit_free (WherryJoinLimit *self);
/* address: as text (nullable): not limited. FALSE: not now. */
gboolean wherry_join_limit_take (WherryJoinLimit *self, const char *address, gint64 now_us);
/* Addresses that are remembered. */
guint wherry_join_limit_get_n (WherryJoinLimit *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryJoinLimit, wherry_join_limit_free)

G_END_DECLS
