/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a relay is told: limits and policies, and what patterns of rooms and topics change of them.
 * Plain values, immutable once the relay has it. */

#include <glib.h>

#include "ice/wherry-ice-config.h"
#include "relay/wherry-policy.h"

G_BEGIN_DECLS

/* What binds one outbox: it is full when it is above either high mark, and has room again at or
 * below both low ones. */
typedef struct
{
  gsize outbox_high;
  gsize outbox_low;
  guint messages_high;   /* 0: any number */
  guint messages_low;    /* in its place as outbox_low is */
  gint64 block_limit_us; /* blocked time, summed over block_window_us */
  gint64 block_window_us;
} WherryOutboxLimits;

/* A [room PATTERN] or [topic PATTERN] group: what is set replaces the default. PATTERN: shell-style
 * (* and ?), the first group in file order that matches wins for each key. */
typedef struct
{
  char *pattern;
  gboolean is_topic;
  gint64 members_per_room; /* room only; -1: not set */
  gint64 topics_per_room;  /* room only; -1 */
  gint64 outbox_high;      /* -1 */
  gint64 outbox_low;       /* -1: as far up as the default's */
  gint64 outbox_messages;  /* 0: any number; -1 */
  gint64 block_limit_us;   /* -1 */
  gint64 policy;           /* of reliable channels, a WherryPolicy; -1 */
  gint64 policy_lossy;     /* of the others; -1 */
  gint64 history_messages; /* 0: none; -1 */
  gint64 history_bytes;    /* -1 */
  gint64 history_age_us;   /* -1 */
  gint64 retain;           /* 1: the last value too; -1 */
  gint64 keep;             /* room only: 1: it does not end with its last member; -1 */
  gint64 mirror; /* topic only: 0 no mirrors of it, 1 reliable, 2 lossy mirrors, -1 default */
} WherryRelayRule;

typedef struct
{
  WherryIceConfig *ice;
  guint max_peers; /* 0: as many as file descriptors allow */
  guint threads;   /* that carry all peers; 0: one for each peer */
  guint members_per_room;
  guint topics_per_room;
  guint channels_per_member;
  guint max_rooms;           /* 0: any number */
  guint members_per_address; /* but loopback; 0: any number */
  guint topics_per_member;   /* that it began */
  guint message_rate;        /* of a member that is not on loopback, a second; 0: any number */
  gsize byte_rate;           /* the same */
  gboolean rate_disconnects; /* who sends more leaves; otherwise it is read no faster */
  guint bad_frames;          /* in a minute; 0: any number */
  gsize attributes_per_room; /* bytes */
  gsize member_bytes;        /* all outboxes of a member */
  gsize memory_budget;       /* the process */
  gsize max_message_size;
  gboolean tunnel; /* a member may go through its signaling socket */
  gint64 connect_limit_us;
  gint64 resume_window_us; /* how long a member may be away; 0: nobody may */
  gsize resume_bytes;      /* of each topic, for those */
  char *history_dir;       /* what topics keep is there too; NULL: only in memory */
  gboolean history_sync_full;
  gsize history_disk_bytes; /* 0: any number */
  WherryOutboxLimits outbox;
  WherryPolicy policy;       /* of reliable channels */
  WherryPolicy policy_lossy; /* of the others */
  /* for members' own use, by credentials of a moment (signaling/wherry-turn-rest.h) */
  char *turn_rest_secret;    /* NULL: none are made */
  GPtrArray *turn_rest_uris; /* of char *: "turn:turn.example.org:3478" */
  gint64 turn_rest_lifetime_us;
  GPtrArray *rules; /* of WherryRelayRule */
} WherryRelayConfig;

/* Every limit at its default from base/wherry-limits.h. */
WherryRelayConfig *wherry_relay_config_new (void);
WherryRelayConfig *wherry_relay_config_copy (const WherryRelayConfig *self);
void wherry_relay_config_free (WherryRelayConfig *self);
/* (transfer none): add a rule and fill it in. */
WherryRelayRule *wherry_relay_config_add_rule (WherryRelayConfig *self, const char *pattern,
                                               gboolean is_topic);
/* What binds an outbox of this room and topic. */
void wherry_relay_config_outbox_limits (const WherryRelayConfig *self, const char *room,
                                        const char *topic, WherryOutboxLimits *out);
WherryPolicy wherry_relay_config_policy (const WherryRelayConfig *self, const char *room,
                                         const char *topic, gboolean is_lossy);
/* Of all outboxes that there may be. */
gint64 wherry_relay_config_shortest_block_limit (const WherryRelayConfig *self);
/* A rule, or the default, has messages of reliable channels dropped. */
gboolean wherry_relay_config_drops_reliable (const WherryRelayConfig *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryRelayConfig, wherry_relay_config_free)

G_END_DECLS
