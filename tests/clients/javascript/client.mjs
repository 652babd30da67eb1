// What a user of the JavaScript SDK does, on the server that the environment names.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { test } from "node:test";
import * as s3 from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const Bucket = process.env.HOLDALL_BUCKET;
const settings = {
  endpoint: process.env.HOLDALL_ENDPOINT,
  region: "us-east-1",
  forcePathStyle: true,
};
const client = new s3.S3Client(settings);
const keys = ["a b", "a+b", "a%41", "a//b", "ünï/日本", "~'()*!", "plain", "dir/k"];
const large = randomBytes(21 * 1024 * 1024 + 17);
const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
const send = (Command, input) => client.send(new Command({ Bucket, ...input }));
const read = async (input) => {
  const answer = await send(s3.GetObjectCommand, input);
  return Buffer.from(await answer.Body.transformToByteArray());
};

test("a bucket is made and seen", async () => {
  await send(s3.CreateBucketCommand);
  await send(s3.HeadBucketCommand);
  const found = await client.send(new s3.ListBucketsCommand({}));
  assert.ok(found.Buckets.some((bucket) => bucket.Name === Bucket));
});

test("objects of every name", async () => {
  for (const Key of keys) {
    await send(s3.PutObjectCommand, { Key, Body: Key, Metadata: { a: "b" } });
    assert.equal((await read({ Key })).toString(), Key);
    assert.deepEqual((await send(s3.HeadObjectCommand, { Key })).Metadata, { a: "b" });
  }
  const found = [];
  for await (const page of s3.paginateListObjectsV2({ client, pageSize: 3 }, { Bucket }))
    found.push(...page.Contents.map((entry) => entry.Key));
  assert.deepEqual(found.sort(), keys.toSorted());
});

test("a large upload from a stream", async () => {
  const Body = Readable.from((function* () {
    for (let start = 0; start < large.length; start += 100_000)
      yield large.subarray(start, start + 100_000);
  })());
  await new Upload({ client, params: { Bucket, Key: "large", Body } }).done();
  assert.equal(digest(await read({ Key: "large" })), digest(large));
  const Range = "bytes=6000000-6000009";
  assert.deepEqual(await read({ Key: "large", Range }), large.subarray(6000000, 6000010));
});

for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "SHA1", "SHA256"])
  test(`a checksum by ${ChecksumAlgorithm}`, async () => {
    await send(s3.PutObjectCommand, { Key: "k", Body: "content", ChecksumAlgorithm });
    const got = await send(s3.GetObjectCommand, { Key: "k", ChecksumMode: "ENABLED" });
    assert.equal(await got.Body.transformToString(), "content");
    assert.ok(got[`Checksum${ChecksumAlgorithm}`]);
  });

test("copies", async () => {
  const CopySource = encodeURI(`${Bucket}/ünï/日本`);
  await send(s3.CopyObjectCommand, { Key: "copy", CopySource });
  assert.equal((await read({ Key: "copy" })).toString(), "ünï/日本");
});

test("conditions", async () => {
  const once = { Key: "once", Body: "1", IfNoneMatch: "*" };
  await send(s3.PutObjectCommand, once);
  await assert.rejects(send(s3.PutObjectCommand, once), { name: "PreconditionFailed" });
});

test("signed addresses", async () => {
  const input = { Bucket, Key: "signed a+b" };
  const command = new s3.PutObjectCommand(input);
  const upload = async (signer) => {
    const url = await getSignedUrl(signer, command);
    return (await fetch(url, { method: "PUT", body: "by address" })).status;
  };
  // With its defaults the SDK signs the checksum of a body that it does not know: of nothing.
  assert.equal(await upload(client), 400);
  const knowing = new s3.S3Client({ ...settings, requestChecksumCalculation: "WHEN_REQUIRED" });
  assert.equal(await upload(knowing), 200);
  const get = await getSignedUrl(client, new s3.GetObjectCommand(input));
  assert.equal(await (await fetch(get)).text(), "by address");
});

test("a signed form", async () => {
  const { url, fields } = await createPresignedPost(client, {
    Bucket,
    Key: "form/${filename}",
    Conditions: [["content-length-range", 0, 100]],
  });
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", new Blob(["by form"]), "name.txt");
  assert.equal((await fetch(url, { method: "POST", body: form })).status, 204);
  assert.equal((await read({ Key: "form/name.txt" })).toString(), "by form");
});

test("versions", async () => {
  await send(s3.PutBucketVersioningCommand, {
    VersioningConfiguration: { Status: "Enabled" },
  });
  const { VersionId } = await send(s3.PutObjectCommand, { Key: "v", Body: "1" });
  await send(s3.PutObjectCommand, { Key: "v", Body: "2" });
  assert.equal((await read({ Key: "v", VersionId })).toString(), "1");
  await send(s3.DeleteObjectCommand, { Key: "v" });
  await assert.rejects(read({ Key: "v" }), { name: "NoSuchKey" });
});

test("everything is removed", async () => {
  const page = await send(s3.ListObjectVersionsCommand);
  const entries = [...page.Versions, ...page.DeleteMarkers];
  const Objects = entries.map(({ Key, VersionId }) => ({ Key, VersionId }));
  const found = await send(s3.DeleteObjectsCommand, { Delete: { Objects } });
  assert.equal(found.Errors, undefined);
  await send(s3.DeleteBucketCommand);
  await assert.rejects(send(s3.HeadBucketCommand), { name: "NotFound" });
});
