/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A relay under a random schedule, and what it promises (data/docs/protocol.md, delivery.md).
 *
 * The relay's objects are the real ones, down to the channels; below these lies a stream pair
 * inside the process, and all of it runs on one thread and on a virtual clock. A schedule is a list
 * of numbers drawn from a seed, which are read as steps: who joins, opens, sends, stops reading,
 * vanishes. What clients see is held against a model that knows only what they did. It fails by
 * saying so and ending the process: each schedule runs in one of its own. */

#include "channel/wherry-channel-set.h"
#include "fixtures/wherry-fake-stream.h"
#include "fixtures/wherry-virtual-clock.h"
#include "relay/wherry-relay-hub-private.h"
#include "wire/wherry-frame.h"

typedef struct _Model Model;
typedef struct _ModelClient ModelClient;
typedef struct _ModelChannel ModelChannel;

/* ---- model-random.c ---- */

typedef struct
{
  guint64 state;
} ModelRandom;

void model_random_init (ModelRandom *self, guint64 seed);
guint model_random (ModelRandom *self, guint n); /* 0 to n - 1 */
#define model_one_in(self, n) (model_random ((self), (n)) == 0)

/* ---- model-profile.c: what kind of schedule a seed is ---- */

typedef struct
{
  guint n_rooms;
  guint n_topics;
  guint n_clients; /* at once */
  guint n_steps;
  guint size_max;        /* of most messages */
  gsize window;          /* of the stream pairs */
  gboolean is_limited;   /* channels and topics are few: some are refused */
  gboolean is_tough;     /* many do not read, and much is sent */
  gboolean is_poor;      /* the budget of the process is small */
  gboolean is_small;     /* some take no large messages */
  gboolean is_addressed; /* many channels are framed as wherry.1 */
  gboolean resumes;      /* some come back when their connection fails */
  guint history;         /* what some topics keep, in messages; 0: none do */
  gboolean mirrors_fit;  /* nobody is refused a mirror */
  int mirror_rule[4];    /* of the topics whose number has this remainder; -1: none */
} ModelProfile;

/* By so much time moves on while somebody waits. */
#define MODEL_TICK_US (50 * (G_USEC_PER_SEC / 1000))
/* A payload begins with its message's number and size, in hexadecimal, so that it is text too. */
#define MODEL_PAYLOAD_HEADER 16u
#define MODEL_TOPICS_MAX 128u
#define MODEL_ROOMS_MAX 4u
/* What one whose messages may not be large takes. */
#define MODEL_SMALL_MESSAGE 600u

/* (transfer full): the configuration of the relay */
WherryRelayConfig *model_profile_init (ModelProfile *self, guint seed);
/* It keeps profile.history messages. */
gboolean model_topic_has_history (const ModelProfile *self, guint topic);
/* Every channel on it is lossy. */
gboolean model_topic_is_lossy (guint topic);

/* ---- the model ---- */

typedef struct
{
  guint from;    /* client */
  guint channel; /* the publisher's */
  guint number;  /* on that channel, from 1 */
  guint topic;
  guint size;
  gboolean on_mirror;
  guint to;         /* client + 1; 0: everyone */
  guint64 own;      /* 0: none */
  guint64 sequence; /* that the relay gave it; 0: nobody has seen it */
} ModelMessage;

/* From one publisher's channel to one subscriber. */
typedef struct
{
  guint last;       /* number of the newest that came */
  ModelChannel *on; /* where it came */
  GQueue due;       /* of message ids that must come, in order */
} ModelFlow;

/* The newest that a publisher's channel sent. Of all of these, the newest must come to who is
 * subscribed by a lossy channel, and others may. */
typedef struct
{
  guint id;
  gboolean due; /* or it is not known whether it is published here */
} ModelNewest;

/* What a client knows of a topic. */
typedef struct
{
  ModelChannel *mirror;  /* the newest that the relay opened and nobody closed; NULL */
  guint n_own;           /* that are not closed */
  ModelChannel *newest;  /* of its own, not closed; NULL */
  gboolean closed;       /* it closed a channel here: no mirror until it opens one */
  gboolean closed_known; /* and the relay knows */
  gboolean closed_both;  /* or the relay closed, or refused, it first: it cannot know */
  guint closed_at;       /* how many channels there were then */
  gboolean unsure;       /* it closed the one served, and goes back to an older */
  guint64 own;           /* the last number of its own that it gave */
  gboolean kept;         /* its connection failed; what it misses comes when it opens it again */
  gboolean same_seat;    /* it was kept, so that its numbers still count */
  guint64 top;           /* the highest number that ever came */
  guint64 seen;          /* the highest number that came */
  guint64 direct;        /* the same of messages to it alone */
  gboolean has_live;     /* something came that was not replayed */
  const ModelChannel *seen_on;
  guint64 first;     /* that came */
  gboolean is_fresh; /* it was not subscribed before it opened its channel */
  GArray *lossy;     /* of ModelNewest, one for each channel that published; NULL: none */
} ModelTopic;

struct _ModelChannel
{
  guint id; /* from 1 */
  ModelClient *client;
  guint topic;
  WherryChannel *channel; /* NULL: closed */
  gboolean theirs;        /* a mirror */
  gboolean lossy;
  gboolean addressed;
  gboolean ordered;
  gboolean open;
  gboolean was_open;
  gboolean sure; /* a mirror: nothing has happened that may have ended it */
  guint n_sent;
};

struct _ModelClient
{
  Model *model;
  guint index;
  guint room;
  gboolean mirror;
  gboolean is_small;
  guint history; /* that it wants */
  gboolean resumable;
  gboolean addressed;  /* it asked for headers on mirrors */
  char *token;         /* to come back with; NULL: none */
  gboolean away;       /* the relay knows that its connection failed */
  gboolean taken_over; /* it came back before the relay knew */
  gboolean resuming;   /* a join that resumes is under way */
  char name[16];
  char id[17];
  WherryRelayMember *member; /* NULL: it has left */
  gboolean left;
  WherryLeaveReason reason;
  gboolean detached;
  gboolean leaves_with; /* leaves when it hears that somebody left */

  WherryFakeStream *end;
  WherryFakeStream *relay_end; /* weak */
  WherryChannelSet *set;
  gboolean started;
  gboolean connected;
  gboolean settled; /* and the relay knows */
  gboolean ended;
  GPtrArray *channels; /* of ModelChannel */
  ModelTopic topics[MODEL_TOPICS_MAX];

  gboolean stalled;
  gboolean cut;
  gint64 pace_us;   /* one message each; 0: as they come */
  gint64 resume_us; /* when a paced one reads again */
  GArray *idle;     /* of gint64: since when it did not read, until when, ...; odd: it does not */
  gint64 paused_us; /* since when the relay does not read it; -1: it does */
  gsize sent_bytes;
  gsize noted_bytes; /* of these by the relay, when that was last looked at */
  gsize read_bytes;  /* of these by the relay, then */

  guint accepted;    /* the newest of its messages that the relay is known to have */
  guint n_due;       /* messages */
  GHashTable *flows; /* publisher's channel to ModelFlow */
  GByteArray *came;  /* bit for each message */

  GHashTable *roster; /* ids that it was told of */
  guint cursor;       /* in the room's log */
};

/* A number that a client did not get between others: it must be one of its own messages. */
typedef struct
{
  guint client;
  guint topic;
  guint64 sequence;
} ModelHole;

typedef struct
{
  GPtrArray *log;      /* of strings: what the members were told, in order */
  GPtrArray *owns;     /* of ModelChannel: not closed */
  GHashTable *numbers; /* of a topic and a sequence to a message's id */
  GArray *holes;       /* of ModelHole */
  gint64 slow_us;      /* when somebody last left as slow */
  gint64 moved_us;     /* when one that does not read well last got something */
} ModelRoom;

typedef struct
{
  guint op;
  guint a;
  guint b;
  guint c;
} ModelStep;

struct _Model
{
  guint seed;
  gboolean trace;
  guint step;
  ModelProfile profile;
  WherryRelayConfig *config; /* borrowed: of the relay */
  WherryClock *clock;
  GMainContext *hub; /* the relay's; everything else is on the default one */
  WherryRelayHub *relay;
  GPtrArray *clients;  /* of ModelClient: all there ever were */
  GPtrArray *present;  /* of these, that have not left; borrowed */
  GPtrArray *channels; /* of ModelChannel, all, borrowed: id - 1 */
  GArray *messages;    /* of ModelMessage: id - 1 */
  ModelRoom rooms[MODEL_ROOMS_MAX];
  gsize dead_bytes;  /* at most: what vanished members had sent that was not read yet */
  gsize max_charge;  /* of what was sent so far */
  gsize early_bytes; /* what was sent before an acknowledgement, and may have been held; or read in
                        grace */
};

G_NORETURN void model_fail (Model *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void model_trace (Model *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
gint64 model_now_us (Model *self);
const char *model_topic_label (guint topic);

/* ---- model-client.c: what a client does ---- */

/* The relay's peer hook. */
void model_client_make_peer (WherryRelayMember *member, WherryPeerConfig *config,
                             gpointer user_data);
/* It has a connection that it believes in. */
gboolean model_client_is_usable (const ModelClient *self);
ModelClient *model_client_join (Model *model, guint room, gboolean mirror, guint history,
                                gboolean resumable, gboolean addressed);
void model_client_start (ModelClient *self);
void model_client_open (ModelClient *self, guint topic, gboolean lossy, gboolean ordered,
                        gboolean addressed);
/* As many as the stream takes. to: where the channel is addressed; NULL: everyone */
void model_client_send (ModelClient *self, ModelChannel *channel, guint n, guint size,
                        const ModelClient *to);
/* The last that it sent on an addressed channel, with the same number of its own. */
void model_client_send_again (ModelClient *self, ModelChannel *channel);
void model_client_close (ModelClient *self, ModelChannel *channel);
void model_client_leave (ModelClient *self);
void model_client_kill (ModelClient *self);
void model_client_cut (ModelClient *self, gboolean failed);
void model_client_set_stalled (ModelClient *self, gboolean stalled);
void model_client_set_pace (ModelClient *self, gint64 pace_us);
void model_client_wake (ModelClient *self); /* a paced one reads on */
void model_client_free (gpointer client);

/* ---- model-resume.c ---- */

/* Its connection failed: what it is subscribed to stays due. */
void model_resume_fail (ModelClient *self);
/* It comes back, with its token and how far it got. */
void model_client_resume (ModelClient *self);
/* (ready event): all that it had said is published. */
void model_resume_back (ModelClient *self);
/* It opens what it had open. */
void model_client_reopen (ModelClient *self);

/* ---- model-signaling.c: what a client is told of the others ---- */

extern const WherryMemberEvents model_member_events;
extern const WherryRelayObserver model_observer;
void model_told_init (ModelClient *self);
/* Everybody was told everything. */
void model_told_check (Model *self, gboolean thorough);

/* ---- model-flow.c: what must come ---- */

/* What the relay has not yet read may still come. */
void model_flow_joined (ModelClient *self);
void model_flow_sent (Model *self, ModelChannel *on, guint message);
void model_flow_came (ModelChannel *on, guint message);
gboolean model_flow_has_come (const ModelClient *self, guint message);
/* It wants no more of this topic, or of any (-1). */
void model_flow_forget (ModelClient *self, int topic);
/* It opens a lossy channel here: what the relay has not yet read may go there. */
void model_flow_soften (ModelClient *self, guint topic);
/* It left while nothing got through: what the relay had not read may be lost. */
void model_flow_cut_off (ModelClient *publisher);
/* A publisher's channel came (gone: went): mirrors may be closed, their speakers (when it went)
 * lose the topic. */
void model_flow_topic_shaken (Model *self, guint room, guint topic, gboolean gone);
/* Nothing moves: what was read is accepted, and whoever reads has all that it must. */
void model_flow_check (Model *self);

/* ---- model-numbers.c: what topics count ---- */

/* (transfer full): payload with what goes before it on an addressed channel. */
WherryMessage *model_frame (Model *self, const ModelMessage *message, guint id,
                            const guint8 *payload);
/* FALSE: it is not well formed. data, length: of the payload, in and out. */
gboolean model_unframe (const guint8 **data, gsize *length, WherryFrame *frame);
/* What the header says of a message that came. */
void model_numbers_came (ModelChannel *on, guint id, const WherryFrame *frame);
void model_numbers_check (Model *self);
/* What came here may come again, as history. */
void model_history_begin_anew (ModelClient *self, guint topic);
/* Nobody is in the room. */
void model_numbers_forget (ModelRoom *room);

/* ---- model-limits.c: budgets, and who is slow ---- */

void model_limits_check (Model *self);
void model_limits_left_slow (Model *self, guint client);
/* Some take no large messages. */
void model_limits_apply (Model *self);
/* Of its lossy channels, from now on. */
void model_limits_change_policy (ModelClient *client, WherryPolicy policy);
/* Publishers wait no longer than they may. */
void model_limits_check_pauses (Model *self);

/* ---- model-run.c ---- */

/* skip: n_steps flags, those not to be taken (nullable). Returns, or fails. */
void model_run (guint seed, gboolean trace, const guint8 *skip);
guint model_count_steps (guint seed);
/* Dispatch what there is. */
void model_settle (Model *self);
void model_advance (Model *self, gint64 us);
void model_start_relay (Model *self);
void model_stop_relay (Model *self);

/* ---- model-steps.c ---- */

void model_step (Model *self, const ModelStep *step);
