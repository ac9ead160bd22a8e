# In the folder above: gnuplot -e "load 'src/light.gp'" src/skips_g3_2.gp (after set terminal ...)
data = 'src/skips_g3_2.csv'
set style fill solid noborder
set boxwidth 0.86
set border 3
set xrange [20:41]
set xtics 0,5 format '' font ',11'
set multiplot
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.97872
set bmargin at screen 0.84752
set yrange [0:94.25]
set ytics 0,65 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.02, Cmax=2' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 24.5' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 24.495,0 to 24.495,74.75 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.91312 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==0 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.82624
set bmargin at screen 0.69504
set yrange [0:73.95]
set ytics 0,51 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.02, Cmax=4' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 28.4' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 28.35,0 to 28.35,58.65 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.76064 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==1 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.67376
set bmargin at screen 0.54255
set yrange [0:59.449999999999996]
set ytics 0,41 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.02, Cmax=6' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 30.0' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 29.995,0 to 29.995,47.15 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.60816 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==2 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.52128
set bmargin at screen 0.39007
set yrange [0:88.45]
set ytics 0,61 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.05, Cmax=2' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 28.0' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 28.025,0 to 28.025,70.14999999999999 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.45567 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==3 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.36879
set bmargin at screen 0.23759
set yrange [0:101.5]
set ytics 0,70 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.05, Cmax=4' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 32.8' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 32.815,0 to 32.815,80.5 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.30319 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==4 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.21631
set bmargin at screen 0.08511
set xtics format '%g'
set yrange [0:113.1]
set ytics 0,78 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.05, Cmax=6' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 34.8' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 34.78,0 to 34.78,89.69999999999999 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.15071 center rotate by 90 font ',11' textcolor rgb ink
set label 'skipped predictions of a sample' at screen 0.54286,0.01950 center font ',12' textcolor rgb ink
plot data using ($1==5 ? $2 : NaN):3 with boxes fillcolor rgb c1
unset multiplot
