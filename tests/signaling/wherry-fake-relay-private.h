/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by wherry-fake-relay.c and wherry-fake-rooms.c. */

#include "signaling/wherry-fake-relay.h"

G_BEGIN_DECLS

struct _WherryRelayMember
{
  WherryRelayHub *relay;
  guint index;
  char *id;
  char *room;
  char *name;
  char *attributes;
  const WherryMemberEvents *events; /* NULL: detached */
  gpointer events_data;
};

struct _WherryRelayHub
{
  WherryRelayConfig config;
  WherryBudget *budget;
  GPtrArray *members; /* of WherryRelayMember or NULL: by index */
  GString *log;
  WherrySignalError fail_next;
  gboolean shut_down;
};

void wherry_fake_relay_note (WherryRelayMember *member, const char *format, ...)
    G_GNUC_PRINTF (2, 3);
gboolean wherry_fake_relay_fails (WherryRelayHub *self, WherrySignalError *code, GError **error);

G_END_DECLS
