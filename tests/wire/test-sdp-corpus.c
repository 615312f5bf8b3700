/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

/* Descriptions that real stacks printed (sdp/README.md): all parse, survive being written, and
 * break nothing when they are cut or mutated. */

#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "base/wherry-error.h"
#include "fixtures/wherry-mutate.h"
#include "wire/wherry-sdp.h"

#define MUTATIONS 10000u

typedef struct
{
  char *name;
  WherrySdpType type;
  char *sdp;
} Sample;

static void
sample_free (Sample *self)
{
  g_free (self->name);
  g_free (self->sdp);
  g_free (self);
}

static Sample *
sample_load (const char *dir, const char *name)
{
  Sample *self = g_new0 (Sample, 1);
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  JsonObject *object;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  object = json_node_get_object (json_parser_get_root (parser));
  self->name = g_strdup (name);
  self->sdp = g_strdup (json_object_get_string_member (object, "sdp"));
  g_assert_true (
      wherry_sdp_type_from_string (json_object_get_string_member (object, "type"), &self->type));
  return self;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  const Sample *const *left = a;
  const Sample *const *right = b;

  return strcmp ((*left)->name, (*right)->name);
}

static GPtrArray *
load_corpus (void)
{
  GPtrArray *corpus = g_ptr_array_new_with_free_func ((GDestroyNotify) sample_free);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "wire", "sdp", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &error);
  const char *name;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".json"))
      g_ptr_array_add (corpus, sample_load (path, name));
  g_assert_cmpuint (corpus->len, >, 0);
  g_ptr_array_sort (corpus, compare_names); /* so that a seed means the same everywhere */
  return corpus;
}

static WherrySdp *
parse (const Sample *sample)
{
  g_autofree guint8 *exact = wherry_exact_copy (sample->sdp, strlen (sample->sdp));
  g_autoptr (GError) error = NULL;
  WherrySdp *sdp
      = wherry_sdp_parse (sample->type, (const char *) exact, strlen (sample->sdp), &error);

  if (error != NULL)
    g_test_message ("%s", sample->name);
  g_assert_no_error (error);
  return sdp;
}

static void
assert_same_media (const WherrySdp *a, const WherrySdp *b)
{
  g_assert_cmpuint (a->index, ==, b->index);
  g_assert_cmpuint (a->media->len, ==, b->media->len);
  for (guint i = 0; i < a->media->len; i++)
    {
      const WherrySdpMedia *left = g_ptr_array_index (a->media, i);
      const WherrySdpMedia *right = g_ptr_array_index (b->media, i);

      g_assert_cmpstr (left->kind, ==, right->kind);
      g_assert_cmpuint (left->port, ==, right->port);
      g_assert_cmpstr (left->proto, ==, right->proto);
      g_assert_cmpstr (left->formats, ==, right->formats);
      g_assert_cmpstr (left->mid, ==, right->mid);
      g_assert_cmpint (left->bundle_only, ==, right->bundle_only);
    }
  g_assert_cmpint (a->bundle == NULL, ==, b->bundle == NULL);
  if (a->bundle != NULL)
    g_assert_true (g_strv_equal ((const char *const *) a->bundle, (const char *const *) b->bundle));
}

static void
assert_same_candidate (const WherryCandidate *a, const WherryCandidate *b)
{
  g_assert_cmpstr (a->foundation, ==, b->foundation);
  g_assert_cmpuint (a->component, ==, b->component);
  g_assert_cmpint (a->transport, ==, b->transport);
  g_assert_cmpuint (a->priority, ==, b->priority);
  g_assert_cmpstr (a->address, ==, b->address);
  g_assert_cmpint (a->is_mdns, ==, b->is_mdns);
  g_assert_cmpuint (a->port, ==, b->port);
  g_assert_cmpint (a->type, ==, b->type);
  g_assert_cmpstr (a->related_address, ==, b->related_address);
  g_assert_cmpuint (a->related_port, ==, b->related_port);
  g_assert_cmpint (a->tcp_type, ==, b->tcp_type);
  g_assert_cmpstr (a->ufrag, ==, b->ufrag);
  g_assert_cmpstr (a->extensions, ==, b->extensions);
}

static void
assert_same (const WherrySdp *a, const WherrySdp *b)
{
  g_assert_cmpint (a->type, ==, b->type);
  g_assert_cmpuint (a->session_id, ==, b->session_id);
  g_assert_cmpuint (a->session_version, ==, b->session_version);
  assert_same_media (a, b);
  g_assert_cmpstr (a->ice_ufrag, ==, b->ice_ufrag);
  g_assert_cmpstr (a->ice_pwd, ==, b->ice_pwd);
  g_assert_cmpint (a->ice_options, ==, b->ice_options);
  g_assert_cmpint (a->ice_lite, ==, b->ice_lite);
  g_assert_cmpuint (a->candidates->len, ==, b->candidates->len);
  for (guint i = 0; i < a->candidates->len; i++)
    assert_same_candidate (g_ptr_array_index (a->candidates, i),
                           g_ptr_array_index (b->candidates, i));
  g_assert_cmpint (a->end_of_candidates, ==, b->end_of_candidates);
  g_assert_cmpmem (a->fingerprints->data, a->fingerprints->len * sizeof (WherryFingerprint),
                   b->fingerprints->data, b->fingerprints->len * sizeof (WherryFingerprint));
  g_assert_cmpint (a->setup, ==, b->setup);
  g_assert_cmpstr (a->tls_id, ==, b->tls_id);
  g_assert_cmpint (a->old_form, ==, b->old_form);
  g_assert_cmpuint (a->sctp_port, ==, b->sctp_port);
  g_assert_cmpuint (a->sctp_streams, ==, b->sctp_streams);
  g_assert_cmpint (a->has_max_message_size, ==, b->has_max_message_size);
  g_assert_cmpuint (a->max_message_size, ==, b->max_message_size);
}

/* What each is known to say, so that parsing everything as nothing would be noticed. */
static void
test_known (void)
{
  static const struct
  {
    const char *name;
    guint index, candidates, bad;
    guint64 max_message_size;
    gboolean old_form, trickle, ended;
  } known[] = {
    { "aiortc-answer.json", 0, 2, 0, 65536, FALSE, FALSE, TRUE },
    { "aiortc-offer.json", 0, 2, 0, 65536, TRUE, FALSE, TRUE },
    { "chrome-2018-answer.json", 0, 1, 0, 65536, TRUE, TRUE, FALSE },
    { "chromium-answer.json", 0, 2, 0, 262144, FALSE, TRUE, FALSE },
    { "chromium-av-answer.json", 2, 1, 0, 262144, FALSE, TRUE, FALSE },
    { "chromium-av-max-bundle-offer.json", 2, 2, 0, 262144, FALSE, TRUE, FALSE },
    { "chromium-av-offer.json", 2, 2, 0, 262144, FALSE, TRUE, FALSE },
    { "chromium-offer.json", 0, 2, 0, 262144, FALSE, TRUE, FALSE },
    { "chromium-trickle-offer.json", 0, 0, 0, 262144, FALSE, TRUE, FALSE },
    { "firefox-answer.json", 0, 4, 0, 1073741823, FALSE, TRUE, TRUE },
    { "firefox-av-answer.json", 2, 4, 0, 1073741823, FALSE, TRUE, TRUE },
    { "firefox-av-max-bundle-offer.json", 2, 4, 4, 1073741823, FALSE, TRUE, TRUE },
    { "firefox-av-offer.json", 2, 4, 0, 1073741823, FALSE, TRUE, TRUE },
    { "firefox-offer.json", 0, 4, 0, 1073741823, FALSE, TRUE, TRUE },
    { "firefox-trickle-offer.json", 0, 0, 0, 1073741823, FALSE, TRUE, FALSE },
    { "gstreamer-answer.json", 0, 9, 0, 65536, FALSE, TRUE, FALSE },
    { "gstreamer-offer.json", 0, 9, 0, 65536, FALSE, TRUE, FALSE },
    { "gstreamer-trickle-offer.json", 0, 0, 0, 65536, FALSE, TRUE, FALSE },
    { "libdatachannel-answer.json", 0, 0, 0, 262144, FALSE, TRUE, FALSE },
    { "libdatachannel-offer.json", 0, 2, 0, 262144, FALSE, TRUE, TRUE },
    { "libwebrtc-answer.json", 0, 0, 0, 262144, FALSE, TRUE, FALSE },
    { "libwebrtc-offer.json", 0, 8, 0, 262144, FALSE, TRUE, FALSE },
    { "pion-answer.json", 0, 2, 2, 65536, FALSE, FALSE, TRUE },
    { "pion-offer.json", 0, 2, 2, 65536, FALSE, FALSE, TRUE },
    { "rawrtc-0.2.2-offer-host.json", 0, 1, 0, G_MAXUINT64, TRUE, TRUE, TRUE },
    { "rawrtc-0.2.2-offer-srflx.json", 0, 2, 0, G_MAXUINT64, TRUE, TRUE, TRUE },
    { "werift-answer.json", 0, 0, 0, 65536, FALSE, TRUE, FALSE },
    { "werift-offer.json", 0, 2, 0, 65536, FALSE, TRUE, TRUE },
  };
  g_autoptr (GPtrArray) corpus = load_corpus ();

  g_assert_cmpuint (corpus->len, ==, G_N_ELEMENTS (known));
  for (guint i = 0; i < corpus->len; i++)
    {
      const Sample *sample = g_ptr_array_index (corpus, i);
      g_autoptr (WherrySdp) sdp = parse (sample);

      g_test_message ("%s", sample->name);
      g_assert_cmpstr (sample->name, ==, known[i].name);
      g_assert_cmpuint (sdp->index, ==, known[i].index);
      g_assert_cmpuint (sdp->candidates->len, ==, known[i].candidates);
      g_assert_cmpuint (sdp->bad_candidates, ==, known[i].bad);
      g_assert_cmpuint (wherry_sdp_get_max_message_size (sdp), ==, known[i].max_message_size);
      g_assert_cmpint (sdp->old_form, ==, known[i].old_form);
      g_assert_cmpint ((sdp->ice_options & WHERRY_SDP_ICE_OPTIONS_TRICKLE) != 0, ==,
                       known[i].trickle);
      g_assert_cmpint (sdp->end_of_candidates, ==, known[i].ended);
      g_assert_cmpuint (sdp->sctp_port, ==, 5000);
      g_assert_cmpuint (sdp->fingerprints->len, ==, 1);
      g_assert_cmpint (sdp->setup, ==,
                       sample->type == WHERRY_SDP_OFFER ? WHERRY_SDP_SETUP_ACTPASS
                                                        : WHERRY_SDP_SETUP_ACTIVE);
    }
}

static void
test_round_trip (void)
{
  g_autoptr (GPtrArray) corpus = load_corpus ();

  for (guint i = 0; i < corpus->len; i++)
    {
      const Sample *sample = g_ptr_array_index (corpus, i);
      g_autoptr (WherrySdp) sdp = parse (sample);
      g_autoptr (WherrySdp) copy = wherry_sdp_copy (sdp);
      g_autofree char *text = wherry_sdp_to_string (copy);
      const Sample written = { sample->name, sample->type, text };
      g_autoptr (WherrySdp) again = NULL;

      assert_same (sdp, copy);
      again = parse (&written);
      assert_same (sdp, again);
    }
}

static void
test_answers (void)
{
  const WherryFingerprint fingerprint = { .hash = WHERRY_HASH_SHA_256, .length = 32 };
  const WherrySdpLocal local
      = { .ice_ufrag = "ours", .ice_pwd = "ourpasswordourpassword", .fingerprint = &fingerprint };
  g_autoptr (GPtrArray) corpus = load_corpus ();

  for (guint i = 0; i < corpus->len; i++)
    {
      const Sample *sample = g_ptr_array_index (corpus, i);
      g_autoptr (WherrySdp) offer = parse (sample);
      g_autoptr (WherrySdp) answer = NULL;
      g_autoptr (WherrySdp) again = NULL;
      g_autofree char *text = NULL;
      g_autoptr (GError) error = NULL;

      if (sample->type != WHERRY_SDP_OFFER)
        continue;
      answer = wherry_sdp_new_answer (offer, &local, &error);
      g_assert_no_error (error);
      text = wherry_sdp_to_string (answer);
      again = parse (&(Sample){ sample->name, WHERRY_SDP_ANSWER, text });
      assert_same (answer, again);
      g_assert_true (wherry_sdp_check_answer (offer, again, NULL));
      g_assert_cmpint (again->old_form, ==, offer->old_form);
    }
}

/* Returns whether it was accepted. */
static gboolean
survive (WherrySdpType type, const guint8 *data, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WherrySdp) sdp = wherry_sdp_parse (type, (const char *) data, length, &error);

  g_assert_true ((sdp == NULL) == (error != NULL));
  if (error != NULL)
    g_assert_true (error->domain == WHERRY_ERROR);
  return sdp != NULL;
}

static void
test_every_prefix (void)
{
  g_autoptr (GPtrArray) corpus = load_corpus ();

  for (guint i = 0; i < corpus->len; i++)
    {
      const Sample *sample = g_ptr_array_index (corpus, i);
      const gsize length = strlen (sample->sdp);
      const char *data_section = strstr (sample->sdp, "m=application");
      gsize accepted = 0;

      for (gsize n = 0; n <= length; n++)
        {
          g_autofree guint8 *exact = wherry_exact_copy (sample->sdp, n);
          gboolean ok = survive (sample->type, exact, n);

          if (ok && n <= (gsize) (data_section - sample->sdp))
            g_error ("%s: accepted without a data section", sample->name);
          accepted += ok;
        }
      g_assert_cmpuint (accepted, >, 0);
    }
}

static void
test_mutations (void)
{
  g_autoptr (GPtrArray) corpus = load_corpus ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (wherry_test_seed ());
  guint accepted = 0;

  for (guint i = 0; i < MUTATIONS; i++)
    {
      const Sample *sample = g_ptr_array_index (corpus, i % corpus->len);
      gsize length = 0;
      g_autofree guint8 *mutated = wherry_mutate (rand, sample->sdp, strlen (sample->sdp), &length);

      accepted += survive (sample->type, mutated, length);
    }
  g_test_message ("%u of %u mutations were accepted", accepted, MUTATIONS);
  /* else the mutations are too wild, or too tame, to test anything */
  g_assert_cmpuint (accepted, >, MUTATIONS / 100);
  g_assert_cmpuint (accepted, <, MUTATIONS - MUTATIONS / 100);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sdp/corpus/known", test_known);
  g_test_add_func ("/sdp/corpus/round-trip", test_round_trip);
  g_test_add_func ("/sdp/corpus/answers", test_answers);
  g_test_add_func ("/sdp/corpus/every-prefix", test_every_prefix);
  g_test_add_func ("/sdp/corpus/mutations", test_mutations);
  return g_test_run ();
}
