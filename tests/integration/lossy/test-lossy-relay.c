/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "relay/relay-fixture.h"

/* Channels and the relay above streams that lose and delay, on virtual time: a fake stream cannot
 * make SCTP's mistakes, only the layers above can lose, repeat or hold up anything here. */

#define SIZE 1000u
#define MESSAGES 2000u
#define EVERY_US 10000

typedef struct
{
  const char *name;
  double loss;
  gint64 delay_us;
} Case;

static const Case cases[] = {
  { "1-percent", 0.01, 10000 }, { "5-percent", 0.05, 10000 },         { "20-percent", 0.2, 10000 },
  { "200-ms", 0, 200000 },      { "20-percent-200-ms", 0.2, 200000 },
};

typedef struct
{
  RelayFixture fixture;
  guint32 seed;
} Scene;

static void
scene_init (Scene *self, const Case *item)
{
  relay_fixture_init (&self->fixture, NULL, FALSE);
  self->seed = g_test_rand_int () & 0xffffff;
  g_test_message ("%s: seeds from %u", item->name, self->seed);
}

static TestClient *
connect_client (Scene *self, const Case *item, const char *name)
{
  TestClient *client = test_client_join (&self->fixture, "room", name, TRUE);

  client->options.path = (WherryFakeDelayOptions){ .seed = self->seed,
                                                   .loss = item->loss,
                                                   .delay_us = item->delay_us,
                                                   .retransmit_us = 2 * item->delay_us + 100000,
                                                   .clock = self->fixture.clock };
  self->seed += 2;
  test_client_start (client);
  test_client_wait_connected (client);
  return client;
}

/* Long enough for an OPEN and its acknowledgement that are lost several times. */
static void
let_open (Scene *self, TestChannel *channel)
{
  for (guint i = 0; i < 100 && !channel->open; i++)
    relay_fixture_advance (&self->fixture, G_USEC_PER_SEC);
  g_assert_true (channel->open);
}

/* One message every EVERY_US; gives the time in which the publisher could not send. */
static gint64
publish (Scene *self, TestChannel *channel)
{
  gint64 blocked_us = 0;

  for (guint32 i = 0; i < MESSAGES;)
    {
      if (test_channel_send_number (channel, i, SIZE) == WHERRY_SEND_OK)
        i++;
      else
        blocked_us += EVERY_US;
      relay_fixture_advance (&self->fixture, EVERY_US);
    }
  return blocked_us;
}

static void
test_reliable (gconstpointer data)
{
  Scene scene;
  TestClient *ann, *bob, *cid;
  TestChannel *own, *at[2];

  scene_init (&scene, data);
  ann = connect_client (&scene, data, "ann");
  bob = connect_client (&scene, data, "bob");
  cid = connect_client (&scene, data, "cid");
  own = test_client_open (ann, "t");
  let_open (&scene, own);
  relay_fixture_advance (&scene.fixture, 20 * G_USEC_PER_SEC);
  at[0] = test_client_find (bob, "t");
  at[1] = test_client_find (cid, "t");

  publish (&scene, own);
  relay_fixture_advance (&scene.fixture, 60 * G_USEC_PER_SEC);
  g_assert_false (ann->left || bob->left || cid->left);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpuint (at[i]->messages->len, ==, MESSAGES);
      for (guint32 n = 0; n < MESSAGES; n++)
        g_assert_cmpuint (test_channel_number (at[i], n), ==, n);
    }
  relay_fixture_clear (&scene.fixture);
}

/* Nobody waits for a message that was lost, and none comes twice. */
static void
test_lossy (gconstpointer data)
{
  const Case *item = data;
  g_autofree guint8 *seen = g_new0 (guint8, MESSAGES);
  Scene scene;
  TestClient *ann, *bob;
  TestChannel *own, *at_bob;
  guint came;

  scene_init (&scene, item);
  ann = connect_client (&scene, item, "ann");
  bob = connect_client (&scene, item, "bob");
  own = test_client_open_lossy (ann, "t");
  let_open (&scene, own);
  at_bob = test_client_open_lossy (bob, "t");
  let_open (&scene, at_bob);

  g_assert_cmpint (publish (&scene, own), ==, 0);
  came = at_bob->messages->len;
  /* the newest came, but for what is on its way and what was lost */
  g_assert_cmpuint (test_channel_number (at_bob, came - 1), >,
                    MESSAGES - 2 * item->delay_us / EVERY_US - 30);
  relay_fixture_advance (&scene.fixture, 60 * G_USEC_PER_SEC);
  came = at_bob->messages->len;
  g_test_message ("%s: %u of %u came over two paths", item->name, came, MESSAGES);
  for (guint i = 0; i < came; i++)
    g_assert_cmpuint (seen[test_channel_number (at_bob, i)]++, ==, 0);
  g_assert_cmpfloat (came, >, MESSAGES * (1 - 2.5 * item->loss) - 30);
  if (item->loss > 0.04)
    g_assert_cmpfloat (came, <, MESSAGES * (1 - item->loss));
  g_assert_false (ann->left || bob->left);
  relay_fixture_clear (&scene.fixture);
}

static void
add (const char *name, const Case *item, void (*func) (gconstpointer data))
{
  g_autofree char *path = g_strdup_printf ("/lossy/relay/%s/%s", name, item->name);

  g_test_add_data_func (path, item, func);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      add ("reliable", &cases[i], test_reliable);
      add ("lossy", &cases[i], test_lossy);
    }
  return g_test_run ();
}
