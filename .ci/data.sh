# Sourced: finds the test clips and models. SCREENALYTICS_TEST_DATA names their folder; without it, `shared` beside this checkout is taken.
data=${SCREENALYTICS_TEST_DATA:-$(dirname "$PWD")/shared}
if [[ -d $data ]]; then
  [[ ! -d $data/media ]] || export SCREENALYTICS_TEST_MEDIA=${SCREENALYTICS_TEST_MEDIA:-$data/media}
  [[ ! -d $data/models ]] || export SCREENALYTICS_MODELS=${SCREENALYTICS_MODELS:-$data/models}
  [[ ! -d $data/reference ]] || export SCREENALYTICS_TEST_REFERENCE=${SCREENALYTICS_TEST_REFERENCE:-$data/reference}
fi
unset data
