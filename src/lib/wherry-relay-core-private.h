/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is behind a WherryRelay: the hub, and what is shown of it. The object may lose its last
 * reference on any thread; the hub ends on its own, behind everybody who is still in it. */

#include "ice/wherry-ice-config.h"
#include "lib/wherry-member.h"
#include "lib/wherry-room.h"
#include "relay/wherry-relay-hub.h"

G_BEGIN_DECLS

typedef struct _WherryRelayCore WherryRelayCore;

/* config: (transfer full). can_bind: nobody said which addresses members use: see add_listen().
 * context: the hub's, this thread's. rooms: what it fills, of WherryRoom. */
WherryRelayCore *wherry_relay_core_new (WherryRelayConfig *config, gboolean can_bind,
                                        GMainContext *context, GListStore *rooms);
WherryRelayCore *wherry_relay_core_ref (WherryRelayCore *self); /* Thread: any */
/* The last one ends the hub, on its thread. Thread: any */
void wherry_relay_core_unref (WherryRelayCore *self);

/* ---- Thread: hub ---- */

WherryRelayHub *wherry_relay_core_get_hub (WherryRelayCore *self);
GMainContext *wherry_relay_core_get_context (WherryRelayCore *self);
WherryRoom *wherry_relay_core_lookup_room (WherryRelayCore *self, const char *name);
/* The next member that joins is this one. (nullable) */
void wherry_relay_core_expect (WherryRelayCore *self, WherryMember *member);
/* A server listens here: members are to use such addresses. */
void wherry_relay_core_add_listen (WherryRelayCore *self, GInetSocketAddress *address);
gboolean wherry_relay_core_is_closing (WherryRelayCore *self);
/* Everybody leaves. task: (transfer full) (nullable): returns TRUE when they have. */
void wherry_relay_core_close (WherryRelayCore *self, GTask *task);
/* The same without task, soon. Thread: any */
void wherry_relay_core_post_close (WherryRelayCore *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryRelayCore, wherry_relay_core_unref)

G_END_DECLS
