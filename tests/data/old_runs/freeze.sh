#!/bin/sh
# Keep what the SoiHàng on the PATH writes, for the versions after it: sh tests/data/old_runs/freeze.sh 0.2.0
# A few invented listings go through two nights, an issued list, a complaint and an empty register; workbooks and pages are left out
# (made again by `soihang report`), but not those under the issued list's seal.
set -eu
version=$1
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
cd "$folder"
export SOIHANG_KEY_FILE="$folder/contact.key" SOIHANG_STATE="$folder/state"
cat > 2026-11-20.csv <<'ROWS'
sàn,mã tin,tiêu đề,mô tả,ngày thu thập,giá bán,mã gian hàng,tên gian hàng,nơi gửi
shopee,T0,Túi xách nữ Gucci Marmont super fake loại 1,"Hàng như hình, đủ màu",2026-11-20,30.000,A,Gian mẫu A,An Giang
shopee,T1,Giày chạy bộ Nike Pegasus 40 rep 1:1,Full box,2026-11-20,350.000,B,Gian mẫu B,An Giang
shopee,,không có mã,,2026-11-20,1,A,Gian mẫu A,An Giang
ROWS
sed 's/2026-11-20/2026-11-21/' 2026-11-20.csv > 2026-11-21.csv
echo 'shopee,T2,Áo thun nữ cotton trơn form rộng,Vải mềm,2026-11-21,90.000,C,Gian mẫu C,Cà Mau' >> 2026-11-21.csv
cat > complaints.csv <<'ROWS'
Ngày tiếp nhận;Sàn;Mã gian hàng;Nội dung
20/11/2026;Shopee;A;nhận hàng giả, không giống mô tả
ROWS
cat > reviews.csv <<'ROWS'
platform,listing_id,rating,text,created_at
shopee,T0,1,"hàng giả, không giống hình",2026-11-19
ROWS
soihang complaints import complaints.csv
soihang db upgrade
soihang night 2026-11-20.csv --runs runs --night 2026-11-20 --model coldstart
soihang night 2026-11-21.csv --runs runs --night 2026-11-21 --model coldstart --reviews reviews.csv
soihang plan runs/2026-11-21 --issue --by "Người thử" --crawl 2026-11-21.csv --issued issued
soihang review sample runs/2026-11-21
find . -name '*.lock' -delete
rm -rf issued/*/*.zip runs/2026-11-20/work runs/2026-11-20/*.parquet runs/*/*.csv runs/*/plans runs/*/issued
find runs -name '*.xlsx' -delete -o -name '*.html' -delete
rm -f "$here/$version.zip"
python3 -m zipfile -c "$here/$version.zip" 2026-11-21.csv issued runs state
rm -rf "$folder"
